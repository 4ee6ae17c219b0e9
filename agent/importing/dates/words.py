"""Month names, weekdays, small words and halves of a day by language, from CLDR."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from babel import Locale
from babel.core import UnknownLocaleError

# Asked in this order: of two languages that read a column alike, the first one is named.
LANGUAGES: tuple[str, ...] = (
    *("en", "es", "de", "fr", "pt", "ru", "it", "nl", "pl", "uk", "cs", "sk", "sv", "da", "nb"),
    *("fi", "hu", "ro", "bg", "hr", "sr", "sl", "el", "tr", "ca", "et", "lv", "lt", "id", "vi"),
    *("ja", "ko", "zh"),
)
# Where names of months differ by country, as Jänner in Austria.
_VARIANTS = {
    "en": ("en_AU", "en_CA", "en_GB"),
    "es": ("es_MX",),
    "de": ("de_AT",),
    "fr": ("fr_CA",),
    "pt": ("pt_PT",),
    "sr": ("sr_Latn",),
}
# Spreadsheets and older Java write these; CLDR does not know them.
_FURTHER_MONTHS = {"de": {"mrz": 3}}
# Before a day and a year, as in `ngày 5 tháng 3 năm 2024`.
_FURTHER_SMALL = {"vi": ("ngay", "nam")}
_FURTHER_HALVES = {"vorm": False, "nachm": True, "дп": False, "пп": True}
# Endings of numbers, and words between a day and its time, as CLDR's patterns lack them.
_BESIDE: frozenset[str] = frozenset(
    (
        *("st", "nd", "rd", "th", "er", "º", "ª", "at", "um", "uhr", "a", "las", "alle", "ore"),
        *("o", "om", "kl", "klo", "la", "\u0433", "\u0432"),
    )
)
_WORD = re.compile(r"[^\s0-9/\-.,()'\u2019:;\u200e\u200f]+")
_LITERAL = re.compile(r"'([^']+)'|([^\x00-\x7f]+)")
_SHORTEST = 3


@dataclass(frozen=True, slots=True)
class Words:
    """Words of dates in one language, each as `plain` gives it."""

    language: str
    """Code of the language in CLDR."""
    months: dict[str, int]
    """Months, 1 to 12, by each name, abbreviation and unique beginning of three letters or more."""
    weekdays: frozenset[str]
    """Names and abbreviations of the days of a week."""
    small: frozenset[str]
    """Words that stand between the parts of a date and mean nothing, such as the Spanish `de`."""
    numbered_months: tuple[str, ...] = ()
    """Names of months that are a number with a word, such as `3月`; empty in most languages."""

    def month_of(self, words: tuple[str, ...]) -> tuple[int, int] | None:
        """Return the month that words name, and the place of its word; None for other words.

        Small words and one weekday may stand beside it.
        """
        months = [place for place, word in enumerate(words) if word in self.months]
        for word in words:
            if word not in self.months and word not in self.small and word not in self.weekdays:
                return None
        # `mar` is a month and a weekday: beside another month it is the weekday.
        if len(months) == 2:
            months = [place for place in months[::-1] if words[months[0]] in self.weekdays][:1] or [
                place for place in months[:1] if words[months[1]] in self.weekdays
            ]
        return (self.months[words[months[0]]], months[0]) if len(months) == 1 else None

    def is_no_month(self, words: tuple[str, ...]) -> bool:
        """Tell whether all words are weekdays or small words."""
        return all(word in self.weekdays or word in self.small for word in words)


def plain(text: str) -> str:
    """Return a word in small letters without accents, so that spellings of it are equal."""
    if text.isascii():
        return text.lower()
    letters = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def words_in(text: str) -> list[str]:
    """List the words of a text, each as `plain` gives it."""
    return [plain(word) for word in _WORD.findall(unicodedata.normalize("NFC", text))]


def language_name(language: str) -> str:
    """Return the English name of a language."""
    return Locale.parse(language).english_name or language


@cache
def usual_order(language: str) -> str:
    """Return the order in which a language writes three numbers: `dmy`, `mdy` or `ymd`."""
    pattern = str(Locale.parse(language).date_formats["short"].pattern).lower()
    places = {letter: pattern.find(letter) for letter in "dmy"}
    return "".join(sorted(places, key=places.__getitem__))


@cache
def words_of(language: str) -> Words | None:
    """Return the words of a language; None when CLDR does not know it."""
    try:
        locales = [Locale.parse(code) for code in (language, *_VARIANTS.get(language, ()))]
    except (UnknownLocaleError, ValueError):
        return None
    exact: dict[str, int] = dict(_FURTHER_MONTHS.get(language, {}))
    small = {*_BESIDE, *_FURTHER_SMALL.get(language, ())}
    numbered: list[str] = []
    for month, name in _names(locales, "months"):
        *others, word = sorted(words_in(name), key=len) or [""]
        small.update(others)
        if re.search("[0-9]", name):
            small.add(word)  # `3月`: the number tells the month
            numbered.append(name)
        elif len(word) > 1:
            exact.setdefault(word, int(month))
    weekdays = {word for _, name in _names(locales, "days") for word in words_in(name)}
    for half, name in _names(locales, "day_periods"):
        small.update(words_in(name) if half in ("am", "pm") else ())
    for locale in locales:
        small.update(word for text in _patterns(locale) for word in words_in(text))
    months = _beginnings(exact) | exact
    return Words(language, months, frozenset(weekdays), frozenset(small - {""}), tuple(numbered))


def _names(
    locales: list[Locale], kind: Literal["months", "days", "day_periods"]
) -> Iterator[tuple[str, str]]:
    """Yield each key and name of a kind, but the narrow ones of one letter."""
    for locale in locales:
        contexts: Mapping[str, Mapping[str, Mapping[object, object]]] = getattr(locale, kind)
        for context in contexts.values():
            for width, names in context.items():
                if width != "narrow":
                    yield from ((str(key), str(name)) for key, name in names.items())


def _patterns(locale: Locale) -> Iterator[str]:
    for width in ("full", "long", "medium"):
        for pattern in (locale.date_formats[width].pattern, str(locale.datetime_formats[width])):
            for quoted, letters in _LITERAL.findall(pattern):
                yield quoted or letters


def _beginnings(exact: dict[str, int]) -> dict[str, int]:
    """Return each beginning of names that only one month has."""
    months: dict[str, set[int]] = {}
    for name, month in exact.items():
        for length in range(_SHORTEST, len(name)):
            months.setdefault(name[:length], set()).add(month)
    return {text: month for text, (month, *others) in months.items() if not others}


@cache
def all_words() -> tuple[Words, ...]:
    """Return the words of every language in LANGUAGES."""
    return tuple(words for language in LANGUAGES if (words := words_of(language)))


@cache
def halves() -> dict[str, bool]:
    """Return the words for the halves of a day, without dots and spaces: True for the second."""
    words: dict[str, bool] = {"am": False, "pm": True} | _FURTHER_HALVES
    for language in LANGUAGES:
        for half, name in _names([Locale.parse(language)], "day_periods"):
            word = "".join(words_in(name))
            # One letter is too little: `5 d` is a day in Lithuanian.
            if half in ("am", "pm") and len(word) > 1:
                words.setdefault(word, half == "pm")
    return words
