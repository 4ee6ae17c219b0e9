"""Words that tell which number is the year, the month or the day, as in `2024年3月5日`."""

import re
from functools import cache, lru_cache

from agent.importing.dates.words import all_words, plain

_BEHIND, _BEFORE = -1, 0
# CLDR has those of a month among its names of months only.
_YEARS_AND_DAYS = {
    "年": ("y", _BEHIND),
    "日": ("d", _BEHIND),
    "년": ("y", _BEHIND),
    "일": ("d", _BEHIND),
}


@lru_cache(maxsize=4096)
def marked_places(
    words: tuple[str, ...], places: tuple[int, ...], close: tuple[bool, ...]
) -> dict[int, str]:
    """Return the part of a date (`y`, `m` or `d`) by the place of each number that a word tells.

    `places` are how many numbers stand before each word. `close` is False for a word in brackets:
    `(月)` behind a day is a Monday.
    """
    marks = _marks()
    marked: dict[int, str] = {}
    for word, numbers_before, is_close in zip(words, places, close, strict=True):
        letter, shift = marks.get(word, ("", 0))
        if letter and is_close:
            marked.setdefault(numbers_before + shift, letter)
    return marked


@cache
def _marks() -> dict[str, tuple[str, int]]:
    """Return the letter of each word's number, and whether it stands behind or before the word."""
    marks = {plain(word): mark for word, mark in _YEARS_AND_DAYS.items()}
    for words in all_words():
        for name in words.numbered_months:
            number = re.search("[0-9]+", name)
            word = plain(re.sub("[0-9]+", "", name).strip())
            if number and word:
                marks[word] = ("m", _BEHIND if number.start() == 0 else _BEFORE)
    return marks
