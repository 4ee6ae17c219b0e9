"""Limits of the services, read from their wire types."""

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from domain_services.backlog.schema import TaskCreate
from domain_services.project.schema import Assignment


def max_length(model: type[BaseModel], field: str) -> int:
    """Return the most characters or items that a field of a wire type takes."""
    lengths = (
        getattr(constraint, "max_length", None) for constraint in model.model_fields[field].metadata
    )
    return min(length for length in lengths if length is not None)


# Read from the types, so that no request is refused when a service changes its limit.
MAX_LABELS = max_length(TaskCreate, "labels")
MAX_ASSIGNED = max_length(Assignment, "employee_ids")


def describe_error(error: ErrorDetails) -> str:
    """Describe a validation error as the end of a sentence about the value."""
    value, limits = error["input"], error.get("ctx", {})
    if error["type"] in ("string_too_long", "too_long"):
        unit = "characters" if isinstance(value, str) else "entries"
        return f"has {len(value)} {unit}, at most {limits['max_length']} are kept"
    if error["type"] == "less_than_equal":
        return f"is {value:,.12g}, at most {limits['le']:,.12g} is kept"
    return f"cannot be kept: {error['msg'].removeprefix('Value error, ')}"
