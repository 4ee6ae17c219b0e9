"""Value types of the chronicle's wire: days, instants, and JSON documents of any content."""

import math
from datetime import UTC, date, datetime
from typing import Annotated, cast

from pydantic import AfterValidator, BeforeValidator, Field

# Levels; parsers of clients fail on documents that are nested much deeper.
MAX_JSON_DEPTH = 32
# A year beyond is a typing error, not history.
FIRST_YEAR, LAST_YEAR = 1970, 2100
_INT64 = range(-(2**63), 2**63)


def _refuse_number(value: object) -> object:
    # Pydantic would read 5 as a moment in 1970.
    if isinstance(value, int | float) or (isinstance(value, str) and "-" not in value[1:]):
        raise ValueError("is not an ISO 8601 date or time, e.g. 2025-09-02")
    return value


def _check_year(value: date) -> date:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"is not between {FIRST_YEAR} and {LAST_YEAR}")
    return value


def _as_utc(value: datetime) -> datetime:
    _check_year(value)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _check_document(value: dict[str, object]) -> dict[str, object]:
    _check(value, 0)
    return value


def _check(value: object, depth: int) -> None:
    if depth > MAX_JSON_DEPTH:
        raise ValueError(f"is nested deeper than {MAX_JSON_DEPTH} levels")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("contains NaN or an infinity")
    elif isinstance(value, int) and value not in _INT64:
        raise ValueError("contains an integer of more than 64 bits")
    elif isinstance(value, dict):
        for key, item in cast(dict[str, object], value).items():
            _check_text(key)
            _check(item, depth + 1)
    elif isinstance(value, list):
        for item in cast(list[object], value):
            _check(item, depth + 1)


def _check_text(text: str) -> None:
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("contains NUL or a lone surrogate, which cannot be stored")


Day = Annotated[date, BeforeValidator(_refuse_number), AfterValidator(_check_year)]
Instant = Annotated[
    datetime,
    BeforeValidator(_refuse_number),
    AfterValidator(_as_utc),
    Field(description="without an offset it is read as UTC"),
]
# An audit keeps a decision as its caller words it: the content is free, so that old records stay
# readable when decisions change.
StoredJson = dict[str, object]
JsonObject = Annotated[StoredJson, AfterValidator(_check_document)]
