"""Detection of how the dates of one column are written, from all its values."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from agent.importing.dates.clock import split_day
from agent.importing.dates.date_format import DateFormat, numeric, worded
from agent.importing.dates.day_text import MAX_CHARACTERS, DayText, take_apart
from agent.importing.dates.formats import NUMBERS, is_no_date
from agent.importing.dates.words import LANGUAGES, usual_order, words_of

# A column of real dates has fewer: 1970 to 2099 are 47,482 days.
_MOST_DAYS = 50_000


# Compared by identity, as the formats are.
@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """Days of a column as one format reads them."""

    format: DateFormat
    """Format that reads them."""
    parsed: int
    """Values that it reads."""
    days: Mapping[date, int]
    """Values by day."""


@dataclass(frozen=True, slots=True)
class ColumnReadings:
    """Every way to read the dates of a column that reads the most of its values."""

    values: int
    """Values that are not as good as empty."""
    readings: tuple[Reading, ...]
    """Readings that are equally good, the usual one first; empty when no value is a date."""
    american: bool
    """True when AM or PM stands in each value that has a time."""
    unread: Mapping[str, int]
    """Counts of the values that the first reading does not read, by their text without time."""
    doubtful: str | None
    """First value, without its time, that two readings read differently; None without one."""


class ColumnTally:
    """Count, for one column, the days as they are written; memory is bounded."""

    def __init__(self) -> None:
        self.values = 0
        self._american = 0
        self.counts: dict[str, int] = {}

    def add(self, text: str) -> str | None:
        """Count one value; return the text of its day, None for one that is as good as empty."""
        day, american = split_day(text)
        count = self.counts.get(day)
        if count is None:
            if is_no_date(text):
                return None
            # Longer texts are no dates; a mark keeps their beginning from becoming one.
            day = day if len(day) <= MAX_CHARACTERS else day[:MAX_CHARACTERS] + "…"
            count = self.counts.get(day, 0) if len(self.counts) < _MOST_DAYS else None
        self.values += 1
        self._american += american
        if count is not None:
            self.counts[day] = count + 1
        return day

    def read(self, languages: Iterable[str] = ()) -> ColumnReadings:
        """Read the column in each way that reads the most values.

        `languages` are asked before the others.
        """
        languages = tuple(languages)
        readings = _best(
            [*self._numbers(), *self._numeric(), *self._worded(languages)],
            year_first=any(usual_order(language) == "ymd" for language in languages),
        )
        known = readings[0].format if readings else None
        unread = {
            text: count
            for text, count in self.counts.items()
            if known is None or known.day(text) is None
        }
        american = self._american > 0 and self._american == self.values
        doubtful = (
            next((text for text in self.counts if _is_doubtful(text, readings)), None)
            if len(readings) > 1
            else None
        )
        return ColumnReadings(self.values, readings, american, unread, doubtful)

    def reading(self, date_format: DateFormat, counts: Mapping[str, int] | None = None) -> Reading:
        """Read the values, or some of them, in one format."""
        days: Counter[date] = Counter()
        for text, count in (self.counts if counts is None else counts).items():
            if day := date_format.day(text):
                days[day] += count
        return Reading(date_format, days.total(), days)

    def _numbers(self) -> list[Reading]:
        # A number is a date only in a column of nothing else.
        return [
            reading
            for date_format in NUMBERS
            if (reading := self.reading(date_format, self.counts)).parsed
            and reading.parsed == self._counts_total()
        ]

    def _counts_total(self) -> int:
        return sum(self.counts.values())

    def _numeric(self) -> list[Reading]:
        groups: dict[tuple[str, str], dict[str, int]] = {}
        for text, count in self.counts.items():
            if (parts := take_apart(text)) and parts.is_numeric and parts.separator:
                for order in _orders(parts):
                    groups.setdefault((order, parts.separator), {})[text] = count
        return [
            self.reading(numeric(order, separator), counts)
            for (order, separator), counts in groups.items()
        ]

    def _worded(self, preferred: tuple[str, ...]) -> list[Reading]:
        groups: dict[str, dict[str, int]] = {}
        spelled: Counter[tuple[str, ...]] = Counter()
        separators: dict[str, str] = {}
        for text, count in self.counts.items():
            if (parts := take_apart(text)) is None or len(parts.numbers) != 2 or not parts.words:
                continue
            spelled[parts.words] += count
            for order in _word_orders(parts):
                groups.setdefault(order, {})[text] = count
                separators.setdefault(order, parts.first_separator)
        best = _languages(spelled, preferred)
        return [
            self.reading(worded(order, separators[order], language), counts)
            for order, counts in groups.items()
            for language in best
        ]


def _orders(parts: DayText) -> tuple[str, ...]:
    """List the orders in which three numbers may be a date, the usual one first."""
    first, _, last = map(len, parts.numbers)
    if first == 4:
        orders: tuple[str, ...] = ("Ymd",)
    elif last == 4:
        orders = ("dmY", "mdY")
    else:
        # Only the last number of a day may be a single digit, and never that of a year.
        orders = ("dmy", "mdy") if last == 2 else ()
        orders = (*orders, "ymd") if first == 2 else orders
    orders = tuple(order for order in orders if parts.may_be(order))
    # `24/3月/05` is written as `24/Mar/05`: with the year in front, its word would stand there too.
    if len(orders) > 1 and tuple(parts.marked.values()) == ("m",):
        return tuple(order for order in orders if order != "ymd")
    return orders


def _word_orders(parts: DayText) -> tuple[str, ...]:
    year_first = len(parts.numbers[0]) == 4
    orders = ("Mdy", "yMd" if year_first else "dMy", "ydM" if year_first else "")
    return tuple(order for place, order in enumerate(orders) if order and place in parts.places)


def _languages(spelled: Mapping[tuple[str, ...], int], preferred: tuple[str, ...]) -> list[str]:
    """List the languages that read the most values; the preferred ones and English go first."""
    counts: dict[str, int] = {}
    for language in dict.fromkeys((*preferred, *LANGUAGES)):
        words = words_of(language)
        if words is None:
            continue
        counts[language] = sum(
            count for spelling, count in spelled.items() if words.month_of(spelling)
        )
        # One of these that reads everything is enough: no other needs to be loaded.
        if (language in preferred or language == "en") and counts[language] == sum(
            spelled.values()
        ):
            return [language]
    most = max(counts.values(), default=0)
    return [language for language, count in counts.items() if count == most and most]


def _best(readings: list[Reading], *, year_first: bool) -> tuple[Reading, ...]:
    """Return the readings that read the most values; of several languages that agree, one.

    `year_first` is True for a file in a language that writes the year first.
    """
    most = max((reading.parsed for reading in readings), default=0)
    best: list[Reading] = []
    for reading in readings:
        agrees = any(
            reading.format.order == other.format.order and reading.days == other.days
            for other in best
        )
        if most and reading.parsed == most and not agrees:
            best.append(reading)
    # Two-digit years stand first only with hyphens, unless no other order fits.
    likely = [
        reading
        for reading in best
        if year_first or reading.format.order != "ymd" or "-" in reading.format.name
    ]
    return tuple(likely or best)


def _is_doubtful(text: str, readings: tuple[Reading, ...]) -> bool:
    first, *others = [reading.format.day(text) for reading in readings]
    return any(other != first for other in others)
