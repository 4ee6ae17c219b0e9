"""Calendar dates as exports write them, and detection of the format of a column."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

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


# Compared by identity: formats are keys of counts that are looked up for each value.
@dataclass(frozen=True, slots=True, eq=False)
class DateFormat:
    """One way of writing dates, each with an optional time of day that is read and dropped.

    A time with an offset counts on the calendar day that is written, not on the day in UTC.
    """

    name: str
    """Name that --date-format takes, such as `d/m/Y`."""
    example: str
    """13 June 2016 in this format."""
    pattern: re.Pattern[str]
    """Whole value, with groups `d`, `y` and either `m` (number) or `b` (English name)."""

    def parse(self, text: str) -> date | None:
        """Parse a date; None when the text is not a date in this format."""
        match = self.pattern.fullmatch(text)
        return None if match is None else _date(match)


def _format(name: str, example: str, day: str) -> DateFormat:
    return DateFormat(name, example, re.compile(day + _TIME))


_Y, _M, _D = "(?P<y>[0-9]{4})", "(?P<m>[0-9]{1,2})", "(?P<d>[0-9]{1,2})"
ISO = _format("Y-m-d", "2016-06-13", f"{_Y}-{_M}-{_D}")
DAY_FIRST = _format("d/m/Y", "13/06/2016", f"{_D}/{_M}/{_Y}")
MONTH_FIRST = _format("m/d/Y", "06/13/2016", f"{_M}/{_D}/{_Y}")
# The order decides ties, so day first stands before month first.
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
    has_name = "b" in match.re.groupindex
    year, month = match["y"], _MONTHS.get(match["b"].lower(), 0) if has_name else int(match["m"])
    century = 0 if len(year) == 4 else 2000 if int(year) < _PIVOT else 1900
    try:
        return date(century + int(year), month, int(match["d"]))
    except ValueError:
        return None


_CLOCK = re.compile(r"[T ] ?([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")
_HALF = re.compile(r"[0-9]\s?([AaPp])[Mm]")


def time_of_day(text: str) -> time:
    """Return the time that a date is written with; midnight without one. Its zone is dropped."""
    match = _CLOCK.search(text)
    if match is None:
        return time()
    hour, half = int(match[1]), _HALF.search(text)
    if half:
        hour = hour % 12 + (12 if half[1] in "Pp" else 0)
    return time(hour, int(match[2]), int(match[3] or 0))


def date_format(name: str) -> DateFormat:
    """Return the format of that name.

    Raises: `CsvRefused`, with all names and examples, for an unknown one.
    """
    for candidate in FORMATS:
        if candidate.name == name:
            return candidate
    listing = ", ".join(f"{candidate.name} ({candidate.example})" for candidate in FORMATS)
    raise CsvRefused(f"Unknown date format {name!r}; the formats are {listing}.")


@dataclass(frozen=True, slots=True)
class DetectedDates:
    """Format and range of the dates in a column."""

    format: DateFormat | None
    """Format that reads the most values; None when no value is a date in any format."""
    values: int
    """Non-empty values of the column."""
    parsed: int
    """Values that `format` reads."""
    ambiguous: bool
    """True when d/m and m/d read equally many values, and read some of them differently."""
    first: date | None
    """Earliest date that `format` reads; None when it reads none."""
    last: date | None
    """Latest date that `format` reads; None when it reads none."""
    conclusive: bool = True
    """False when d/m and m/d read equally many values, even if every day equals its month."""


class FormatTally:
    """Count, for one column, how many values each format reads."""

    def __init__(self, formats: tuple[DateFormat, ...] = FORMATS) -> None:
        self.formats = formats
        self.values = 0
        self._counts = dict.fromkeys(formats, 0)
        self._ranges: dict[DateFormat, tuple[date, date]] = {}
        self._slashes_differ = False
        # Tried first: nearly all values of a column share one format.
        self._likely: DateFormat | None = None

    def add(self, text: str) -> None:
        """Count one value; only d/m and m/d can both read it, any other match ends the search."""
        self.values += 1
        if self._likely and self._count(self._likely, text):
            return
        slashed: list[date] = []
        for candidate in self.formats:
            if candidate is self._likely:
                continue
            day = self._count(candidate, text)
            if day and candidate is not DAY_FIRST and candidate is not MONTH_FIRST:
                self._likely = candidate
                return
            if day:
                slashed.append(day)
        # A value that only one of the two reads differs as well: the other cannot read it.
        if slashed:
            differ = slashed[0] != slashed[-1] or len(slashed) == 1
            self._slashes_differ = self._slashes_differ or differ

    def _count(self, candidate: DateFormat, text: str) -> date | None:
        day = candidate.parse(text)
        if day is not None:
            self._counts[candidate] += 1
            first, last = self._ranges.get(candidate, (day, day))
            self._ranges[candidate] = (min(first, day), max(last, day))
        return day

    def detect(self) -> DetectedDates:
        """Pick the format that reads the most values; on a tie the first in FORMATS."""
        best = max(self.formats, key=self._counts.__getitem__)
        parsed = self._counts[best]
        if not parsed:
            return DetectedDates(None, self.values, 0, False, None, None)
        tied = best is DAY_FIRST and self._counts.get(MONTH_FIRST) == parsed
        ambiguous = tied and self._slashes_differ
        return DetectedDates(best, self.values, parsed, ambiguous, *self._ranges[best], not tied)


def latest_today() -> date:
    """Return today's date in the time zone where the day begins first."""
    # In UTC+14: a task finished there this morning must not count as one of the future.
    return (datetime.now(UTC) + timedelta(hours=14)).date()
