"""Dates of all columns of one file: how each is written, and one order for all of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from agent.importing.dates.date_format import DateFormat
from agent.importing.dates.detection import ColumnReadings, ColumnTally, Reading
from agent.importing.dates.faults import column_fault
from agent.importing.dates.formats import latest_today
from agent.importing.dates.further_languages import format_of_words
from agent.importing.dates.order import Ruling, order_of, rule

_MOST_PAIRS = 5_000
_OPEN = ("dmy", "mdy")
DAYS_ABOVE = "days above 12 stand there"
MONTH_WORDS = "a word stands beside the number of the month"
AS_OTHER = "as the other date column"


@dataclass(frozen=True, slots=True)
class DetectedDates:
    """Format and range of the dates in a column."""

    format: DateFormat | None
    """Format that reads the most values; None when none does, and of a column with a fault."""
    values: int
    """Values of the column that are not as good as empty."""
    parsed: int
    """Values that `format` reads."""
    ambiguous: bool
    """True when nothing decides between `readings`, and they read some values differently."""
    first: date | None
    """Earliest date that `format` reads; None when it reads none."""
    last: date | None
    """Latest date that `format` reads; None when it reads none."""
    reason: str = ""
    """Clause that says why this format, or which evidence contradicts; "" where none was needed."""
    readings: tuple[DateFormat, ...] = ()
    """Formats that remain when the column is ambiguous."""
    doubtful: str | None = None
    """Value that the remaining formats read differently; None when the column is not ambiguous."""
    fault: str | None = None
    """End of a sentence about a column that is refused as a whole; None for a readable one."""
    advised: DateFormat | None = None
    """Format that reads a refused column where a person names it; None when none is known."""


class FileDates:
    """Detector of the formats of a file's date columns."""

    def __init__(
        self,
        fields: Iterable[str],
        forced: DateFormat | None = None,
        *,
        language: str = "en",
        today: date | None = None,
    ) -> None:
        """Begin without values.

        `forced` is the format that a person chose; None detects it. `language` is the one that
        the file's columns are named in (CLDR). No day of the past lies after `today`; None is
        the present day.
        """
        self.tallies = {field: ColumnTally() for field in fields}
        self._forced, self._language = forced, language
        self._today = today or latest_today()
        self._pairs: dict[tuple[str, str], int] = {}

    def add(self, values: Mapping[str, str]) -> None:
        """Count the values of one row by their field; empty and absent ones are left out."""
        created = finished = None
        for field, tally in self.tallies.items():
            if value := values.get(field):
                day = tally.add(value)
                if field == "created":
                    created = day
                elif field == "finished":
                    finished = day
        if created and finished and len(self._pairs) < _MOST_PAIRS:
            pair = (created, finished)
            self._pairs[pair] = self._pairs.get(pair, 0) + 1

    def detect(self) -> dict[str, DetectedDates]:
        """Detect the format of each column."""
        columns = {field: tally.read((self._language,)) for field, tally in self.tallies.items()}
        if self._forced:
            return self._chosen(columns, self._forced)
        unsettled = {
            field: column
            for field, column in columns.items()
            if column.doubtful and order_of(column.readings[0])
        }
        settled = {
            order_of(column.readings[0])
            for column in columns.values()
            if len(column.readings) == 1 and order_of(column.readings[0]) in _OPEN
        }
        if len(settled) == 1:
            ruling = Ruling(settled.pop(), AS_OTHER)
        elif unsettled:
            ruling = rule(
                unsettled, self._reversed(columns), today=self._today, language=self._language
            )
        else:
            ruling = Ruling(None, "")
        return {field: _detected(column, ruling) for field, column in columns.items()}

    def _chosen(
        self, columns: Mapping[str, ColumnReadings], forced: DateFormat
    ) -> dict[str, DetectedDates]:
        """Read each column in the chosen format, unless it is written in quite another way."""
        readings = {field: tally.reading(forced) for field, tally in self.tallies.items()}
        fits = any(reading.parsed for reading in readings.values())
        detected: dict[str, DetectedDates] = {}
        for field, column in columns.items():
            known = column.readings
            # One column as 2024-03-05 beside another as 03/05/2024: only that one was in doubt.
            otherwise = len(known) == 1 and order_of(known[0]) not in _OPEN
            detected[field] = (
                _detected(column, Ruling(None, ""))
                if fits and otherwise and not readings[field].parsed
                else _of_reading(readings[field], column.values, "")
            )
        return detected

    def _reversed(self, columns: Mapping[str, ColumnReadings]) -> dict[str, tuple[int, int]]:
        """Count, by order, the tasks that are finished before they are created, and all."""
        created, finished = columns.get("created"), columns.get("finished")
        if not (created and finished and (created.doubtful or finished.doubtful)):
            return {}
        orders = {
            order_of(reading) for column in (created, finished) for reading in column.readings
        }
        counts: dict[str, tuple[int, int]] = {}
        for order in orders & set(_OPEN):
            first, second = _reading_in(created, order), _reading_in(finished, order)
            if first is None or second is None:
                continue
            wrong = pairs = 0
            for (start, end), count in self._pairs.items():
                begun, ended = first.format.day(start), second.format.day(end)
                if begun and ended:
                    pairs += count
                    wrong += count if ended < begun else 0
            counts[order] = (wrong, pairs)
        return counts


def _reading_in(column: ColumnReadings, order: str) -> Reading | None:
    if len(column.readings) == 1:
        return column.readings[0]
    return next((reading for reading in column.readings if order_of(reading) == order), None)


def _detected(column: ColumnReadings, ruling: Ruling) -> DetectedDates:
    if not column.readings:
        fault = column_fault(column)
        advised = format_of_words(column.unread) if fault else None
        return DetectedDates(
            None, column.values, 0, False, None, None, fault=fault, advised=advised
        )
    reading, reason, ambiguous = column.readings[0], "", False
    if column.doubtful:
        chosen = _reading_in(column, ruling.order) if ruling.order else None
        ambiguous, reason = chosen is None, ruling.reason if order_of(reading) else ""
        reading = chosen or reading
    elif len(column.readings) == 1 and order_of(reading) in _OPEN:
        reason = DAYS_ABOVE if any(day.day > 12 for day in reading.days) else MONTH_WORDS
    detected = _of_reading(reading, column.values, reason)
    if fault := column_fault(column):
        return replace(detected, format=None, parsed=0, fault=fault)
    if not ambiguous:
        return detected
    formats = tuple(reading.format for reading in column.readings)
    return replace(detected, ambiguous=True, readings=formats, doubtful=column.doubtful)


def _of_reading(reading: Reading, values: int, reason: str) -> DetectedDates:
    first, last = min(reading.days, default=None), max(reading.days, default=None)
    date_format = reading.format
    return DetectedDates(date_format, values, reading.parsed, False, first, last, reason)
