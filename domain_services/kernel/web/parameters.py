"""Examples and descriptions of parameters whose routes name none themselves."""

from typing import Any

from pydantic import JsonValue

_EXAMPLES_BY_NAME: dict[str, JsonValue] = {"cronjob_name": "run-dailyscrum-p1-s01"}
_EXAMPLES_BY_TYPE: dict[str, JsonValue] = {
    "uuid": "0193a3f0-8c5e-7000-8000-000000000001",
    "date": "2026-03-02",
    "integer": 1,
}
_DESCRIPTIONS: dict[str, str] = {
    "limit": "most items of an answer",
    "offset": "items to leave out at the start",
    "after": "last id of the page before; without it the first page",
    "before": "last id of the page before; without it the newest page",
    "cursor": "cursor that the page before named; without it the first page",
    "since": "only from this moment on",
    "until": "only before this moment",
    "start_date": "first day",
    "end_date": "last day",
    "day": "day to which the answer applies; the present day by default",
    "name": "name of the schedule",
    "cronjob_name": "name of the schedule",
    "status": "only items with this status",
    "kind": "kind of the items",
    "idempotency-key": (
        "the caller's same key with the same request gets the first answer again, for 24 hours; "
        "with another request it is invalid input"
    ),
}


def complete_parameter(parameter: dict[str, Any]) -> None:
    """Add an example to a required parameter, and a description to each, by name or type."""
    schema = parameter.get("schema", {})
    if parameter.get("required") and not ("example" in parameter or "examples" in schema):
        example = _EXAMPLES_BY_NAME.get(parameter["name"]) or _EXAMPLES_BY_TYPE.get(
            schema.get("format") or schema.get("type")
        )
        if example is not None:
            parameter["example"] = example
    if not (parameter.get("description") or schema.get("description")):
        description = _description(parameter["name"].lower())
        if description is not None:
            parameter["description"] = description


def _description(name: str) -> str | None:
    if name.endswith("_id"):
        return f"id of the {name.removesuffix('_id').replace('_', ' ')}"
    return _DESCRIPTIONS.get(name)
