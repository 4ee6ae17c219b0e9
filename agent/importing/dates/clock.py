"""Time of day in a value: where it stands, and what is left beside it."""

import re
from dataclasses import dataclass
from datetime import time
from functools import cache, lru_cache

from agent.importing.dates.words import halves, plain

_CLOCK = re.compile(
    r"(?<![0-9:.])([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]|60)(?:[.,][0-9]{1,9})?)?(?![0-9:])"
)
_SPACE = "[ \\t\u00a0\u2009\u202f]"
_ENGLISH_HALF = re.compile(rf"{_SPACE}?([AaPp][Mm])(?![^\W\d_])")
_ZONE = re.compile(
    rf"{_SPACE}?(?:(?:Z|[A-Z]{{2,5}})(?=$|[+\-]|{_SPACE}*[(\[]|{_SPACE}+[0-9]{{4}}$))?"
    rf"{_SPACE}?(?:[+\-][0-9]{{1,2}}(?::?[0-9]{{2}})?(?![0-9]))?"
    rf"(?:{_SPACE}?[(\[][^()\[\]0-9]{{1,60}}[)\]])?"
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


@cache
def _half_words() -> re.Pattern[str]:
    """Return the pattern of a half's word at the start or the end of a text."""
    spelled = sorted(halves(), key=len, reverse=True)
    gap = rf"(?:\.|{_SPACE})*"
    word = "|".join(gap.join(map(re.escape, word)) for word in spelled)
    return re.compile(rf"{_SPACE}*({word})\.?(?![^\W\d_])", re.IGNORECASE)


@lru_cache(maxsize=4096)
def _tail(text: str) -> Tail:
    afternoon, american = None, False
    if match := _ENGLISH_HALF.match(text):
        afternoon, american = match[1] in ("PM", "pm", "Pm", "pM"), True
        text = text[match.end() :]
    elif _has_word(text) and (match := _half_words().match(text)):
        afternoon = halves()["".join(filter(str.isalpha, plain(match[1])))]
        text = text[match.end() :]
    match = _ZONE.match(text)
    return Tail(afternoon, american, text[match.end() if match else 0 :])


def _has_word(text: str) -> bool:
    """Tell whether more than a zone is left; else the words of all languages are not needed."""
    match = _ZONE.match(text)
    return any(map(str.isalpha, text[match.end() if match else 0 :]))


def split_day(text: str) -> tuple[str, bool]:
    """Split a value; return the text of its day, and True when AM or PM stands behind its time.

    A value whose time is impossible keeps it, so that it is no day.
    """
    match = _CLOCK.search(text)
    if match is None:
        return text, False
    end = match.end()
    if end == len(text):
        return text[: match.start()], False
    tail = _tail(text[end : end + 100])
    if tail.afternoon is not None and not 1 <= int(match[1]) <= 12:
        return text, False
    return text[: match.start()] + tail.rest, tail.american


def time_of_day(text: str) -> time:
    """Return the time that a date is written with; midnight without one. Its zone is dropped."""
    match = _CLOCK.search(text)
    if match is None:
        return time()
    hour, afternoon = int(match[1]), _tail(text[match.end() : match.end() + 100]).afternoon
    if afternoon is not None:
        hour = hour % 12 + (12 if afternoon else 0)
    # A leap second has no time of its own.
    return time(hour, int(match[2]), min(int(match[3] or 0), 59))
