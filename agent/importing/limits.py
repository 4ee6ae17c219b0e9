"""What the services take, asked of their own wire types."""

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from domain_services.backlog.schema import TaskCreate
from domain_services.project.schema import Assignment


def longest(model: type[BaseModel], field: str) -> int:
    """The most characters or items that a field of a wire type takes."""
    limits = (getattr(each, "max_length", None) for each in model.model_fields[field].metadata)
    return min(limit for limit in limits if limit is not None)


MOST_LABELS = longest(TaskCreate, "labels")
MOST_ASSIGNED = longest(Assignment, "employee_ids")


def reason(error: ErrorDetails) -> str:
    """Pydantic's finding in the words of the other refusals."""
    given, limits = error["input"], error.get("ctx", {})
    if error["type"] in ("string_too_long", "too_long"):
        what = "characters" if isinstance(given, str) else "entries"
        return f"has {len(given)} {what}, at most {limits['max_length']} are kept"
    if error["type"] == "less_than_equal":
        return f"is {given:,.12g}, at most {limits['le']:,.12g} is kept"
    return f"cannot be kept: {error['msg'].removeprefix('Value error, ')}"
