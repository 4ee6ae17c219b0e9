"""Text of a day, taken apart into numbers and words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from agent.importing.dates.marks import marked_places
from agent.importing.dates.words import all_words, plain, words_of

# White space but line breaks: a value with those is no date.
_SPACES = " \t\u00a0\u2009\u202f"
# Chinese, Japanese and Korean write the words for year, month and day close to their neighbours.
_PART = re.compile(
    rf"[0-9]+|(?<=[0-9])[\u5e74\u6708\u65e5\ub144\uc6d4\uc77c]|[^{_SPACES}0-9/\-.,()'\u2019]+"
)
# Vietnamese shortens the word for a month: `Th03 5, 2024`. Behind a number it is English.
_SHORT_MONTH = re.compile(r"(?<![^\W_])[Tt][Hh]\.?(?=[0-9]{1,2}(?![0-9]))")
_FULL_MONTH = "thg "
_FILL = str.maketrans("", "", _SPACES + ",()'\u2019")
MAX_CHARACTERS = 100
_DIGITS = "0123456789"
_MAX_WORDS = 6


@dataclass(frozen=True, slots=True)
class DayText:
    """Parts of the text of a day."""

    numbers: tuple[str, ...]
    """Digits of each number, in the order of the text."""
    words: tuple[str, ...]
    """Words as `plain` gives them, in the order of the text."""
    places: tuple[int, ...]
    """How many numbers stand before each word."""
    close: tuple[bool, ...]
    """True for each word without a bracket before it."""
    separator: str
    """Character between all numbers, or a space; "" when they differ."""
    first_separator: str
    """Character behind the first number or word, or a space."""

    @property
    def is_numeric(self) -> bool:
        """True for three numbers, at most with a weekday and words without meaning."""
        if len(self.numbers) != 3:
            return False
        english = words_of("en")
        if not self.words or (english and english.is_no_month(self.words)):
            return True
        return any(words.is_no_month(self.words) for words in all_words())

    def may_be(self, order: str) -> bool:
        """Tell whether no word speaks against an order of three numbers, such as `dmY`."""
        marked = self.marked
        return all(letter == order[place : place + 1].lower() for place, letter in marked.items())

    @property
    def marked(self) -> Mapping[int, str]:
        """Parts of a date (`y`, `m` or `d`) that words tell, by the places of their numbers."""
        english = words_of("en")
        # The words of all languages are not needed for a weekday.
        if not self.words or (english and english.is_no_month(self.words)):
            return {}
        return marked_places(self.words, self.places, self.close)


@lru_cache(maxsize=1 << 14)
def take_apart(text: str) -> DayText | None:
    """Take the text of a day apart; None for a text that cannot be one."""
    if len(text) > MAX_CHARACTERS:
        return None
    text = _SHORT_MONTH.sub(_FULL_MONTH, text)
    numbers: list[str] = []
    words: list[str] = []
    gaps: list[str] = []
    places: list[int] = []
    close: list[bool] = []
    end, gap = 0, ""
    for part in _PART.finditer(text):
        before, end, written = text[end : part.start()], part.end(), part[0]
        gap += before
        if written[0] in _DIGITS:
            gaps.append(gap)
            gap = ""
            numbers.append(written)
        # ISO divides the day from the time by a T.
        elif written != "T" or end < len(text.rstrip()):
            words.append(plain(written))
            places.append(len(numbers))
            close.append("(" not in before)
    if not 2 <= len(numbers) <= 3 or len(words) > _MAX_WORDS:
        return None
    return DayText(
        numbers=tuple(numbers),
        words=tuple(words),
        places=tuple(places),
        close=tuple(close),
        separator=_separator(gaps[1:]),
        first_separator=_first_separator(gaps[1]),
    )


def _separator(gaps: list[str]) -> str:
    separators = {gap.translate(_FILL) or " " for gap in gaps}
    separator = separators.pop() if len(separators) == 1 else ""
    return separator if separator in ("/", "-", ".", " ") else ""


def _first_separator(gap: str) -> str:
    first = gap[:1]
    return first if first in ("/", "-", ".") and not gap[1:2].isspace() else " "


def written_words(text: str) -> list[str]:
    """List the words of the text of a day as they are written, in the order of `DayText.words`."""
    parts = [part[0] for part in _PART.finditer(text)]
    return [
        part
        for place, part in enumerate(parts)
        if part[0] not in _DIGITS and (part != "T" or place < len(parts) - 1)
    ]
