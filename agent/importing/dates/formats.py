"""Formats that are known by name, the range of days, and cells that are as good as empty."""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from agent.importing.dates.date_format import (
    COMPACT,
    MILLISECONDS,
    SECONDS,
    SERIAL,
    DateFormat,
    numeric,
    worded,
)
from agent.importing.dates.further_languages import language_code
from agent.importing.errors import CsvRefused

# Sentinels such as 1900-01-01 or 9999-12-31 would become thousands of empty sprints.
EARLIEST, LATEST = date(1970, 1, 1), date(2099, 12, 31)
ISO = numeric("Ymd", "-")
DAY_FIRST = numeric("dmY", "/")
MONTH_FIRST = numeric("mdY", "/")
# Named in messages; a column may be written in many more ways.
FORMATS: tuple[DateFormat, ...] = (
    *(ISO, DAY_FIRST, MONTH_FIRST, numeric("dmY", "."), numeric("Ymd", "/")),
    worded("dMy", "/", "en"),
)
NUMBERS: tuple[DateFormat, ...] = (SECONDS, MILLISECONDS, COMPACT, SERIAL)
_EMPTY = frozenset(
    (
        *(
            "",
            "-",
            "--",
            "\u2013",
            "\u2014",
            "n/a",
            "na",
            "n.a.",
            "null",
            "none",
            "nil",
            "nan",
            "nat",
        ),
        *("undefined", "(none)", "(empty)", "(blank)", "not set", "unset", "0"),
        *("0000-00-00", "0000-00-00 00:00:00"),
    )
)
_LONGEST_EMPTY = 20
_LETTERS = re.compile(r"%?([A-Za-z])\1*")
# As Java, spreadsheets and strftime name the parts of a date.
_SPELLINGS = {
    "d": "d dd D DD %d %e",
    "m": "m mm M MM %m",
    "M": "MMM MMMM mmm mmmm %b %B",
    "Y": "Y YYYY yyyy %Y",
    "y": "y yy YY %y",
}
_MEANINGS = {text: part for part, texts in _SPELLINGS.items() for text in texts.split()}


def is_no_date(text: str) -> bool:
    """Tell whether a cell of a date column is as good as empty, such as `-`, `N/A` or `0`."""
    return len(text) <= _LONGEST_EMPTY and text.strip().casefold() in _EMPTY


def date_format(name: str) -> DateFormat:
    """Return the format of that name, such as `d-m-Y`, `DD.MM.YYYY` or `%m/%d/%Y`.

    Raises: `CsvRefused`, with examples, for an unknown one.
    """
    text, _, language = name.strip().partition(" in ")
    for candidate in (*FORMATS, *NUMBERS):
        if candidate.name == name.strip():
            return candidate
    code = language_code(language.strip()) if language else "en"
    known = _numeric_or_worded(text, code) if code else None
    if known is not None:
        return known
    listing = ", ".join(f"{known.name} ({known.example})" for known in (*FORMATS, *NUMBERS))
    raise CsvRefused(
        f"Unknown date format {name!r}; the formats are {listing}, and the same with other "
        "separators, such as d-m-Y, or in a language, such as 'd MMM Y in Spanish'."
    )


def _numeric_or_worded(text: str, language: str) -> DateFormat | None:
    parts = [*_LETTERS.finditer(text)]
    order = "".join(_MEANINGS.get(part[0], "?") for part in parts[:3])
    if sorted(order.lower()) != ["d", "m", "y"]:
        return None
    # A time behind the day is read without a pattern of its own.
    gaps = [text[part.end() : next_part.start()] for part, next_part in pairwise(parts[:3])]
    separator = "".join(gaps[0].split()).replace(",", "") or " "
    if "M" in order:
        known = order.replace("Y", "y") in ("dMy", "Mdy", "yMd", "ydM")
        return worded(order.replace("Y", "y"), separator, language) if known else None
    if len(set(gaps)) != 1 or separator not in ("/", "-", ".", " "):
        return None
    known = order in ("Ymd", "ymd", "dmY", "dmy", "mdY", "mdy")
    return numeric(order, separator) if known else None


def latest_today() -> date:
    """Return today's date in the time zone where the day begins first."""
    # In UTC+14: a task finished there this morning must not count as one of the future.
    return (datetime.now(UTC) + timedelta(hours=14)).date()
