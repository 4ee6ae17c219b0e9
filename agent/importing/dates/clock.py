"""Time of day in a value: where it stands, and what is left beside it."""

import re
from dataclasses import dataclass
from datetime import time
from functools import lru_cache
from itertools import islice

from agent.importing.dates.words import halves, plain

_CLOCK = re.compile(
    r"(?<![0-9:.])([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]|60)(?:[.,][0-9]{1,9})?)?(?![0-9:])"
)
# Seconds, milliseconds, and days of a spreadsheet, each with a fraction at most.
_NUMBER = re.compile(r"([0-9]{9,10}|[0-9]{12,13}|[0-9]{5})(?:[.,][0-9]{1,15})?")
_DAY_SECONDS = 86_400
# Length of a day in the unit of a number of so many digits; others count days.
_DAY_LENGTHS = {9: _DAY_SECONDS, 10: _DAY_SECONDS, 12: _DAY_SECONDS * 1000, 13: _DAY_SECONDS * 1000}
_LONGEST_TAIL = 100
_SPACE = "[ \\t\u00a0\u2009\u202f]"
_LETTERS = re.compile(r"[^\W\d_]+")
_ENGLISH_HALF = re.compile(rf"{_SPACE}?([AaPp][Mm])(?![^\W\d_])")
_ZONE = re.compile(
    rf"{_SPACE}?(?:(?:Z|[A-Z]{{2,5}})(?=$|[+\-]|{_SPACE}*[(\[]|{_SPACE}+[0-9]{{4}}$))?"
    rf"{_SPACE}?(?:[+\-][0-9]{{1,2}}(?::?[0-9]{{2}})?(?![0-9]))?"
    # The zone may have a name behind it in brackets, or itself once more, as `(GMT+00:00)`.
    rf"(?:{_SPACE}?[(\[](?:[^()\[\]0-9]{{1,60}}|(?:GMT|UTC)[+\-][0-9]{{1,2}}(?::?[0-9]{{2}})?)[)\]])?"
)


@dataclass(frozen=True, slots=True)
class Tail:
    """Text behind a time of day."""

    afternoon: bool | None
    """True for the second half of the day; None when no word tells the half."""
    american: bool
    """True for AM or PM as English writes it."""
    rest: str
    """What is left beside the half and the zone."""


@lru_cache(maxsize=4096)
def _tail(text: str) -> Tail:
    afternoon, american = None, False
    if match := _ENGLISH_HALF.match(text):
        afternoon, american = match[1] in ("PM", "pm", "Pm", "pM"), True
        text = text[match.end() :]
    elif _has_word(text):
        afternoon, end = _half(text)
        text = text[end:]
    match = _ZONE.match(text)
    return Tail(afternoon, american, text[match.end() if match else 0 :])


def _has_word(text: str) -> bool:
    """Tell whether more than a zone is left; else the words of all languages are not needed."""
    match = _ZONE.match(text)
    return any(map(str.isalpha, text[match.end() if match else 0 :]))


def _half(text: str) -> tuple[bool | None, int]:
    """Read the word for a half of the day at the start of a text; return its end too."""
    afternoon, end, spelled = None, 0, ""
    # Some languages write it in two words: `p. m.`
    for match in islice(_LETTERS.finditer(text), 2):
        spelled += plain(match[0])
        if spelled in halves():
            afternoon, end = halves()[spelled], match.end()
    return afternoon, end


@dataclass(frozen=True, slots=True)
class _Clock:
    """Time of day in a value."""

    length: int
    """Characters from its first digit to the end of the value."""
    hour: int
    """Hour as it is written, 0 to 23."""
    minute: int
    """Minute."""
    second: int
    """Second; 60 is a leap second."""
    tail: Tail
    """What stands behind it."""


def _find_clock(text: str) -> _Clock | None:
    colon = text.find(":")
    if colon < 0:
        return None
    # Without the day, as rows repeat their times; a digit before the hour makes it another number.
    end = text[max(colon - 3, 0) :]
    return _read_clock(end) if len(end) <= _LONGEST_TAIL else _read_clock.__wrapped__(end)


@lru_cache(maxsize=1 << 14)
def _read_clock(text: str) -> _Clock | None:
    """Read the time around the first colon of a text."""
    match = _CLOCK.search(text, 1 if text.find(":") > 2 else 0)
    if match is None:
        return None
    tail = _tail(text[match.end() : match.end() + _LONGEST_TAIL])
    length = len(text) - match.start()
    return _Clock(length, int(match[1]), int(match[2]), int(match[3] or 0), tail)


def split_day(text: str) -> tuple[str, bool]:
    """Split a value; return the text of its day, and True when AM or PM stands behind its time.

    A value whose time is impossible keeps it, so that it is no day. A number of seconds or
    milliseconds becomes that of its midnight, a spreadsheet's number loses its fraction.
    """
    clock = _find_clock(text)
    if clock is None:
        return (_midnight(text) if text[:5].isdigit() else text), False
    tail = clock.tail
    if tail.afternoon is not None and not 1 <= clock.hour <= 12:
        return text, False
    return text[: -clock.length] + tail.rest, tail.american


def _midnight(text: str) -> str:
    match = _NUMBER.fullmatch(text)
    if match is None:
        return text
    number, day = int(match[1]), _DAY_LENGTHS.get(len(match[1]), 1)
    return str(number - number % day)


def time_of_day(text: str) -> time:
    """Return the time that a date is written with; midnight without one. Its zone is dropped."""
    clock = _find_clock(text)
    if clock is None:
        return _time_of_number(text)
    hour, afternoon = clock.hour, clock.tail.afternoon
    day = text[: -clock.length]
    # Korean and Chinese write the half in front.
    if afternoon is None and not day.isascii() and (words := _LETTERS.findall(day)):
        afternoon = None if words[-1].isascii() else halves().get(plain(words[-1]))
    if afternoon is not None:
        hour = hour % 12 + (12 if afternoon else 0)
    return _time(hour, clock.minute, clock.second)


# Cached, so that rows share their times.
@lru_cache(maxsize=1 << 12)
def _time(hour: int, minute: int, second: int) -> time:
    # A leap second has no time of its own.
    return time(hour, minute, min(second, 59))


def _time_of_number(text: str) -> time:
    match = _NUMBER.fullmatch(text)
    if match is None:
        return time()
    length = _DAY_LENGTHS.get(len(match[1]), 1)
    share = (float(text.replace(",", ".")) % length) / length
    minutes, seconds = divmod(int(share * _DAY_SECONDS + 0.5) % _DAY_SECONDS, 60)
    return time(minutes // 60, minutes % 60, seconds)
