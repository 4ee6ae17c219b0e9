"""Days in the cells of a row, each read by the format of its column."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache, partial

from agent.importing.dates.clock import time_of_day
from agent.importing.dates.formats import EARLIEST, FORMATS, LATEST, DateFormat, is_no_date
from agent.importing.reading.tally import Occurrences, Tally
from agent.importing.reading.values import Values
from agent.importing.tasks import RowRefused

# Days of a plan may lie after today.
_PLANNED = frozenset(("sprint_start", "sprint_end"))
_KEPT_TEXTS = 1 << 12


class RowDays:
    """Reader of the days of rows; it counts those that it leaves out."""

    def __init__(
        self,
        formats: Mapping[str, DateFormat | None],
        headers: Mapping[str, Sequence[str]],
        last_day: date,
        tally: Tally,
        *,
        is_format_chosen: bool,
    ) -> None:
        """Read each field by its format; None reads no value of it.

        `headers` are the names of the columns of each field. No day but those of a plan lies after
        `last_day`. `is_format_chosen` says that a person chose the format.
        """
        self._formats, self._headers, self._last_day = formats, headers, last_day
        self._tally, self._is_format_chosen = tally, is_format_chosen
        self._readers = _readers(formats, last_day)

    def optional(self, field_name: str, values: Values) -> date | None:
        """Read a day that refuses no row; None when there is none, or it cannot be read."""
        text = values.first.get(field_name)
        read = self._readers.get(field_name) if text else None
        if read is None:
            return None
        day = read(text or "")
        if day is not None or not (text := _day_text(values, field_name)):
            return day
        if (day := read(text)) is None:
            self._tally.days.setdefault(field_name, Occurrences()).add(text)
        return day

    def certain(self, field_name: str, values: Values) -> date | None:
        """Read a day; None when there is none. Raises: `RowRefused` when it cannot be read."""
        text = values.first.get(field_name)
        if not text:
            return None
        read = self._readers.get(field_name, _unread)
        day = read(text)
        if day is not None or not (text := _day_text(values, field_name)):
            return day
        if (day := read(text)) is None:
            header = next(iter(self._headers.get(field_name, ())), field_name)
            raise RowRefused(header, self._fault(field_name, text))
        return day

    def moment(self, field_name: str, values: Values) -> datetime | None:
        """Read a day with its time; None when there is none, or it cannot be read."""
        text = values.first.get(field_name)
        day = self._readers.get(field_name, _unread)(text) if text else None
        # It only orders the rows of one task, so an unreadable one refuses no row.
        return None if day is None else datetime.combine(day, time_of_day(text or ""))

    def _fault(self, field_name: str, text: str) -> str:
        date_format = self._formats[field_name]
        day = None if date_format is None else date_format.parse(text)
        if day is not None and self._last_day < day <= LATEST:
            return f"{text!r} lies after today"
        if day is not None:
            return f"{text!r} is outside {EARLIEST} to {LATEST}"
        if date_format is not None:
            option = ", which --date-format asks for" if self._is_format_chosen else ""
            name, example = date_format.name, date_format.example
            return f"{text!r} is not a date of the form {name} ({example}){option}"
        examples = ", ".join(known.example for known in FORMATS)
        return f"{text!r} is not a date in a known format ({examples})"


def _readers(
    formats: Mapping[str, DateFormat | None], last_day: date
) -> dict[str, Callable[[str], date | None]]:
    """Return the readers of the fields that have a format; those of one format share their days."""
    readers: dict[tuple[DateFormat, date], Callable[[str], date | None]] = {}
    by_field: dict[str, Callable[[str], date | None]] = {}
    for field_name, date_format in formats.items():
        if date_format is not None:
            last = LATEST if field_name in _PLANNED else last_day
            # Rows repeat their days: a task is resolved when its category changes.
            by_field[field_name] = readers.setdefault(
                (date_format, last), lru_cache(_KEPT_TEXTS)(partial(_day, date_format, last))
            )
    return by_field


def _day(date_format: DateFormat, last: date, text: str) -> date | None:
    """Read a day from the earliest to the last one; None for all others."""
    day = date_format.parse(text)
    return day if day is not None and EARLIEST <= day <= last else None


def _unread(_: str) -> date | None:
    return None


def _day_text(values: Values, field_name: str) -> str:
    """Return the first text of a date field that stands for a day; "" without any."""
    for text in values.texts(field_name):
        if text and not is_no_date(text):
            return text
    return ""
