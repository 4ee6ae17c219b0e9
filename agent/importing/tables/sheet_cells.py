"""Values of a workbook's cells as the texts that an export writes."""

import re
from datetime import date, datetime, time, timedelta

# What a spreadsheet shows for a formula that failed: no value.
_ERRORS = frozenset(
    ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA", "#SPILL!")
)
# Characters that XML cannot hold stand as _x000D_.
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
# Spreadsheets keep 15 digits; the others are noise of the binary form.
_LARGEST_WHOLE = 1e15


def text_of(value: object) -> str:
    """Return a value's text: ISO for dates, no `.0` at whole numbers, "" for nothing and errors."""
    if value is None:
        return ""
    if isinstance(value, str):
        if value.startswith("#") and value in _ERRORS:
            return ""
        return _ESCAPED.sub(_unescaped, value) if "_x" in value else value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < _LARGEST_WHOLE
        return str(int(value)) if whole else f"{value:.15g}"
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat(timespec="seconds")
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return str(value)


def _moment(value: datetime) -> str:
    # A day is a number there, so times come a few microseconds off.
    value = (value + timedelta(milliseconds=500)).replace(microsecond=0)
    return str(value.date()) if value.time() == time.min else value.isoformat(sep=" ")


def _unescaped(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    # Surrogates and NUL are no text.
    return "" if character == "\0" or "\ud800" <= character <= "\udfff" else character
