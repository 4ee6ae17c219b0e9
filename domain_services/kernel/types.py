"""Strict types shared by all wire models: ids, texts, days, counts."""

import re
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
)

Role = Literal["viewer", "operator", "admin", "service"]
# Words of routes: an id of this name could not be addressed.
RESERVED_IDS = frozenset({"summary", "active", "list_projects", "by-project"})
# Chain of audits of what was done to all projects at once; no project has this id.
ALL_PROJECTS = "ALL-PROJECTS"
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
# PostgreSQL stores neither in text or jsonb.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Wire(BaseModel):
    """Base of requests: unknown fields, NaN and infinities are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Answer(BaseModel):
    """Base of responses; a client ignores fields it does not know yet."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Liveness(Answer):
    """Answer of GET /health."""

    status: Literal["ok"] = "ok"


def _storable(text: str) -> str:
    if _UNSTORABLE.search(text):
        raise ValueError("contains NUL or a lone surrogate, which cannot be stored")
    return text


def _storable_throughout(document: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Refuse names and texts that cannot be stored, at any depth."""
    pending: list[JsonValue] = [document]
    while pending:
        part = pending.pop()
        if isinstance(part, str):
            _storable(part)
        elif isinstance(part, dict):
            pending.extend((*part.keys(), *part.values()))
        elif isinstance(part, list):
            pending.extend(part)
    return document


def _not_reserved(value: str) -> str:
    if value.lower() in RESERVED_IDS:
        raise ValueError("is a word of the routes and cannot be an id")
    return value


def _written_as_a_day(value: object) -> object:
    """Refuse a day in any other form."""
    # Pydantic alone would read a number as seconds since 1970.
    if isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise ValueError("is not a day written YYYY-MM-DD")


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def _written_as(pattern: str, example: str) -> AfterValidator:
    """Make a validator that refuses texts that `pattern` does not match as a whole."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(f"is not written like {example}")
        return value

    return AfterValidator(check)


def _shown(pattern: str, example: str, description: str | None = None) -> Any:
    """Describe an id for OpenAPI."""
    whole: Any = {"pattern": f"^{pattern}$"}
    return Field(description=description, examples=[example], json_schema_extra=whole)


def _in_utc(moment: datetime) -> datetime:
    """Return the moment in UTC; PostgreSQL takes no offset of 16 hours or more."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is a moment outside the years 1 to 9999") from error


UtcMoment = Annotated[AwareDatetime, AfterValidator(_in_utc)]

PROJECT_ID = r"[A-Z0-9][A-Z0-9_-]{0,31}"
_EMPLOYEE_ID = r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}"
_SPRINT_ID = PROJECT_ID + r"-S[0-9]{2,6}"
_TASK_ID = PROJECT_ID + r"-TASK[0-9]{3,9}"

ProjectId = Annotated[
    str,
    _written_as(PROJECT_ID, "TEST-001 (capital letters, digits, _ and -, at most 32)"),
    AfterValidator(_not_reserved),
    _shown(PROJECT_ID, "TEST-001", "upper case letters, digits, _ and -, at most 32"),
]
EmployeeId = Annotated[str, _written_as(_EMPLOYEE_ID, "E001"), _shown(_EMPLOYEE_ID, "E001")]
SprintId = Annotated[
    str, _written_as(_SPRINT_ID, "TEST-001-S01"), _shown(_SPRINT_ID, "TEST-001-S01")
]
TaskId = Annotated[
    str, _written_as(_TASK_ID, "TEST-001-TASK001"), _shown(_TASK_ID, "TEST-001-TASK001")
]
Line = Annotated[
    str,
    StringConstraints(min_length=1, max_length=300),
    AfterValidator(_storable),
    AfterValidator(_not_blank),
]
# Stands last: constraints that follow a validator are checked one by one, a blank text before it is
# stripped.
Storable = AfterValidator(_storable)
Prose = Annotated[str, StringConstraints(max_length=10_000), Storable]
FreeForm = Annotated[dict[str, JsonValue], AfterValidator(_storable_throughout)]
Day = Annotated[date, BeforeValidator(_written_as_a_day)]
Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]


@cache
def timezones() -> frozenset[str]:
    """Return the IANA names of time zones; cached, because it reads the heads of many files."""
    # `localtime` is the machine's own, which differs from one to the next.
    return frozenset(available_timezones() - {"localtime"})


def utc_now() -> datetime:
    """Return the present as an aware UTC datetime."""
    return datetime.now(UTC)
