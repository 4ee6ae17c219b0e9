"""Calendar dates as exports write them, and which format a column is in."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from agent.importing.errors import CsvRefused

# Sentinels such as 1900-01-01 or 9999-12-31 would become thousands of empty sprints.
EARLIEST, LATEST = date(1970, 1, 1), date(2099, 12, 31)
# Two-digit years below this are of this century, the others of the last, as in POSIX strptime.
_PIVOT = 69

_MINUTES = r":[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]{1,9})?)?"
# Newer Java runtimes put a narrow no-break space before AM and PM.
_TIME = (
    rf"(?:[T ] ?(?:(?:0?[1-9]|1[0-2]){_MINUTES}[ \u00a0\u202f]?[AaPp][Mm]"
    rf"|(?:[01]?[0-9]|2[0-3]){_MINUTES})"
    r"(?: ?(?:Z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?))?)?"
)
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}


@dataclass(frozen=True, slots=True, eq=False)
class DateFormat:
    """A way of writing dates, each with an optional time of day, which is read and dropped.

    A time with an offset counts on the calendar day that is written, not on the day in UTC.
    """

    name: str
    example: str
    shape: re.Pattern[str]

    def parse(self, text: str) -> date | None:
        """The date, or None when the text is not a date in this format."""
        match = self.shape.fullmatch(text)
        return None if match is None else _date(match)


def _format(name: str, example: str, day: str) -> DateFormat:
    return DateFormat(name, example, re.compile(day + _TIME))


_Y, _M, _D = "(?P<y>[0-9]{4})", "(?P<m>[0-9]{1,2})", "(?P<d>[0-9]{1,2})"
ISO = _format("Y-m-d", "2016-06-13", f"{_Y}-{_M}-{_D}")
DAY_FIRST = _format("d/m/Y", "13/06/2016", f"{_D}/{_M}/{_Y}")
MONTH_FIRST = _format("m/d/Y", "06/13/2016", f"{_M}/{_D}/{_Y}")
FORMATS: tuple[DateFormat, ...] = (
    ISO,
    DAY_FIRST,
    MONTH_FIRST,
    _format("d.m.Y", "13.06.2016", rf"{_D}\.{_M}\.{_Y}"),
    _format("Y/m/d", "2016/06/13", f"{_Y}/{_M}/{_D}"),
    _format(
        "d/MMM/yy", "13/Jun/16 9:15 AM", f"{_D}/(?P<b>[A-Za-z]{{3}})/(?P<y>[0-9]{{4}}|[0-9]{{2}})"
    ),
)


def _date(match: re.Match[str]) -> date | None:
    named = "b" in match.re.groupindex
    year, month = match["y"], _MONTHS.get(match["b"].lower(), 0) if named else int(match["m"])
    century = 0 if len(year) == 4 else 2000 if int(year) < _PIVOT else 1900
    try:
        return date(century + int(year), month, int(match["d"]))
    except ValueError:
        return None


def date_format(name: str) -> DateFormat:
    """The format of that name. Raises CsvRefused, listing the names with examples, for another."""
    for known in FORMATS:
        if known.name == name:
            return known
    listed = ", ".join(f"{known.name} ({known.example})" for known in FORMATS)
    raise CsvRefused(f"Unknown date format {name!r}; the formats are {listed}.")


@dataclass(frozen=True, slots=True)
class Detected:
    """What a column's values say; `ambiguous` when d/m and m/d explain them equally, differently.

    `format` is None when no value is a date in any known format; `first` and `last` are the range
    of the dates that could be read. `settled` is False when d/m and m/d explain them equally, be it
    that every day is also its month: such a column says nothing about another.
    """

    format: DateFormat | None
    values: int
    parsed: int
    ambiguous: bool
    first: date | None
    last: date | None
    settled: bool = True


class Tally:
    """Counts, for one column, how many values each format reads."""

    def __init__(self, formats: tuple[DateFormat, ...] = FORMATS) -> None:
        self.formats = formats
        self.values = 0
        self._counts = dict.fromkeys(formats, 0)
        self._ranges: dict[DateFormat, tuple[date, date]] = {}
        self._differs = False
        self._likely: DateFormat | None = None

    def add(self, text: str) -> None:
        """Count one value; only d/m and m/d can both read it, any other match ends the search."""
        self.values += 1
        if self._likely and self._count(self._likely, text):
            return
        slashed: list[date] = []
        for known in self.formats:
            if known is self._likely:
                continue
            day = self._count(known, text)
            if day and known is not DAY_FIRST and known is not MONTH_FIRST:
                self._likely = known
                return
            if day:
                slashed.append(day)
        if slashed:
            self._differs = self._differs or slashed[0] != slashed[-1] or len(slashed) == 1

    def _count(self, known: DateFormat, text: str) -> date | None:
        day = known.parse(text)
        if day is not None:
            self._counts[known] += 1
            first, last = self._ranges.get(known, (day, day))
            self._ranges[known] = (min(first, day), max(last, day))
        return day

    def verdict(self) -> Detected:
        """The format that reads the most values; on a tie the first in FORMATS, d/m before m/d."""
        best = max(self.formats, key=self._counts.__getitem__)
        parsed = self._counts[best]
        if not parsed:
            return Detected(None, self.values, 0, False, None, None)
        tied = best is DAY_FIRST and self._counts.get(MONTH_FIRST) == parsed
        ambiguous = tied and self._differs
        return Detected(best, self.values, parsed, ambiguous, *self._ranges[best], not tied)


def latest_today() -> date:
    """The day it is now where the day begins first: nothing that has happened lies after it."""
    return (datetime.now(UTC) + timedelta(hours=14)).date()


def detect(values: Iterable[str]) -> Detected:
    """The format of a column, from all its values."""
    tally = Tally()
    for value in values:
        tally.add(value)
    return tally.verdict()
