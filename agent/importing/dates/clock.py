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
    time: time
    """Time by the word behind it, if there is one; a leap second has none of its own."""
    afternoon: bool | None
    """True for the second half of the day; None when no word behind it tells the half."""
    rest: str
    """What stands behind it, beside the half and the zone."""
    american: bool
    """True for AM or PM as English writes it."""
    is_possible: bool
    """False for an hour that its half of the day does not have."""


def _find_clock(text: str) -> _Clock | None:
    colon = text.find(":")
    if colon < 0:
        return None
    # Without the day, as rows repeat their times; a digit before the hour makes it another number.
    end = text[colon - 3 :] if colon > 3 else text
    return _read_clock(end) if len(end) <= _LONGEST_TAIL else _read_clock.__wrapped__(end)


@lru_cache(maxsize=1 << 14)
def _read_clock(text: str) -> _Clock | None:
    """Read the time around the first colon of a text."""
    match = _CLOCK.search(text, 1 if text.find(":") > 2 else 0)
    if match is None:
        return None
    tail = _tail(text[match.end() : match.end() + _LONGEST_TAIL])
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    return _Clock(
        length=len(text) - match.start(),
        hour=hour,
        time=time(_hour(hour, tail.afternoon), minute, min(second, 59)),
        afternoon=tail.afternoon,
        rest=tail.rest,
        american=tail.american,
        is_possible=tail.afternoon is None or 1 <= hour <= 12,
    )


def _hour(hour: int, afternoon: bool | None) -> int:
    return hour if afternoon is None else hour % 12 + (12 if afternoon else 0)


def split_day(text: str) -> tuple[str, bool]:
    """Split a value; return the text of its day, and True when AM or PM stands behind its time.

    A value whose time is impossible keeps it, so that it is no day. A number of seconds or
    milliseconds becomes that of its midnight, a spreadsheet's number loses its fraction.
    """
    clock = _find_clock(text)
    if clock is None:
        return (_midnight(text) if text[:5].isdigit() else text), False
    if not clock.is_possible:
        return text, False
    return text[: -clock.length] + clock.rest, clock.american


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
    # Korean and Chinese write the half in front.
    if clock.afternoon is None and not text.isascii():
        return _time_behind(text[: -clock.length], clock)
    return clock.time


def _time_behind(day: str, clock: _Clock) -> time:
    """Return the time behind the text of a day, whose last word may tell the half."""
    words = [] if day.isascii() else _LETTERS.findall(day)
    if not words or words[-1].isascii():
        return clock.time
    afternoon = halves().get(plain(words[-1]))
    return clock.time.replace(hour=_hour(clock.hour, afternoon))


def _time_of_number(text: str) -> time:
    match = _NUMBER.fullmatch(text)
    if match is None:
        return time()
    length = _DAY_LENGTHS.get(len(match[1]), 1)
    share = (float(text.replace(",", ".")) % length) / length
    minutes, seconds = divmod(int(share * _DAY_SECONDS + 0.5) % _DAY_SECONDS, 60)
    return time(minutes // 60, minutes % 60, seconds)
