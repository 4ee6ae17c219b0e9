"""Ways of writing dates; each reads the day of one value."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache

from agent.importing.dates.clock import split_day
from agent.importing.dates.day_text import MAX_CHARACTERS, take_apart
from agent.importing.dates.words import Words, language_name, words_of

# Two-digit years below this are of this century, the others of the last, as in POSIX strptime.
_PIVOT = 69
_KEPT_DAYS = 20_000
_SPREADSHEET_EPOCH = date(1899, 12, 30)


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
    read: Callable[[str], date | None]
    """Reader of a day without its time; None for a text of another format."""
    order: str = ""
    """Order of day, month and year: `dmY`, `mdY`, `ymd` ...; "" for other ways."""
    language: str | None = None
    """Language of the names of months (CLDR); None for formats without them."""
    _days: dict[str, date | None] = field(default_factory=dict[str, "date | None"], repr=False)

    def parse(self, text: str) -> date | None:
        """Parse a date; None when the text is not a date in this format."""
        text, _ = split_day(text)
        return self._days[text] if text in self._days else self.day(text)

    def day(self, text: str) -> date | None:
        """Parse a date whose time of day was taken off; None for another format."""
        if text in self._days:
            return self._days[text]
        if len(text) > MAX_CHARACTERS:
            return None
        # Bounded, as a service reads the files of strangers with it.
        if len(self._days) >= _KEPT_DAYS:
            self._days.clear()
        day = self._days[text] = self.read(text)
        return day


def _date(year: str, month: int, day: str) -> date | None:
    century = 0 if len(year) > 2 else 2000 if int(year) < _PIVOT else 1900
    try:
        return date(century + int(year), month, int(day))
    except ValueError:
        return None


_WIDTHS = {"Y": (4,), "y": (2,), "m": (1, 2), "d": (1, 2)}
_EXAMPLES = {"Y": "2016", "y": "16", "m": "06", "d": "13"}


@cache
def numeric(order: str, separator: str) -> DateFormat:
    """Return the format of three numbers, such as `dmY` with a slash."""
    year, month, day = (order.lower().index(letter) for letter in "ymd")
    widths = [_WIDTHS[letter] for letter in order]

    def read(text: str) -> date | None:
        parts = take_apart(text)
        if parts is None or parts.separator != separator or not parts.is_numeric:
            return None
        if not parts.may_be(order):
            return None
        numbers = parts.numbers
        if any(len(number) not in width for number, width in zip(numbers, widths, strict=True)):
            return None
        return _date(numbers[year], int(numbers[month]), numbers[day])

    example = separator.join(_EXAMPLES[letter] for letter in order)
    return DateFormat(separator.join(order), example, read, order)


@lru_cache(maxsize=256)
def worded(order: str, separator: str, language: str) -> DateFormat:
    """Return the format with a month's name in a language, such as `dMy` with a slash.

    The separator only names it: a name leaves no doubt about the order.
    """
    words = words_of(language)
    assert words is not None
    places = tuple(order.replace("M", "").index(letter) for letter in "dy")

    def read(text: str) -> date | None:
        parts = take_apart(text)
        if parts is None or len(parts.numbers) != 2:
            return None
        month = words.month_of(parts.words)
        if month is None or parts.places[month[1]] != order.index("M"):
            return None
        day, year = (parts.numbers[place] for place in places)
        if len(day) > 2 or len(year) not in (2, 4):
            return None
        return _date(year, month[0], day)

    name, example = _worded_name(order, separator, words)
    return DateFormat(name, example, read, order, language)


def _worded_name(order: str, separator: str, words: Words) -> tuple[str, str]:
    month = next(
        (name for name, number in words.months.items() if number == 6 and len(name) >= 3), "jun"
    )
    if words.language in ("en", "de"):
        month = month.capitalize()
    year = ("Y", "2016") if separator == " " else ("yy", "16")
    names = {"d": ("d", "13"), "M": ("MMM", month), "y": year}
    parts = [names[letter] for letter in order]
    name, example = (separator.join(part[index] for part in parts) for index in (0, 1))
    if order == "Mdy" and separator == " ":
        name, example = "MMM d, Y", f"{month} 13, 2016"
    if order == "dMy" and separator == "/":
        example += " 9:15 AM"  # as Jira writes it
    if words.language != "en":
        name = f"{name} in {language_name(words.language)}"
    return name, example


_COMPACT = re.compile(r"((?:19|20)[0-9]{2})([01][0-9])([0-3][0-9])")
_SECONDS = re.compile(r"[0-9]{9,10}")
_MILLISECONDS = re.compile(r"[0-9]{12,13}")
_SERIAL = re.compile(r"[0-9]{5}")


def _read_compact(text: str) -> date | None:
    match = _COMPACT.fullmatch(text)
    return _date(match[1], int(match[2]), match[3]) if match else None


def _read_seconds(text: str) -> date | None:
    return datetime.fromtimestamp(int(text), UTC).date() if _SECONDS.fullmatch(text) else None


def _read_milliseconds(text: str) -> date | None:
    if not _MILLISECONDS.fullmatch(text):
        return None
    return datetime.fromtimestamp(int(text) // 1000, UTC).date()


def _read_serial(text: str) -> date | None:
    if not _SERIAL.fullmatch(text) or not 25_569 <= int(text) <= 73_050:
        return None
    return _SPREADSHEET_EPOCH + timedelta(days=int(text))


# Whole columns of one number.
SECONDS = DateFormat("epoch", "1465776000", _read_seconds)
MILLISECONDS = DateFormat("epoch-ms", "1465776000000", _read_milliseconds)
COMPACT = DateFormat("Ymd", "20160613", _read_compact)
SERIAL = DateFormat("serial", "42534", _read_serial)
