"""Languages beyond those that are tried by themselves: named by a person, or found for a question.

A file in one of them stops the import first, since a rare language that reads a few words by chance
must not decide about a history.
"""

from collections.abc import Iterable
from functools import cache

from babel import Locale
from babel.localedata import locale_identifiers

from agent.importing.dates.date_format import DateFormat, worded
from agent.importing.dates.day_text import DayText, take_apart
from agent.importing.dates.words import LANGUAGES, words_of

# More unread texts of one column tell nothing that these do not.
_TRIED_TEXTS = 200
# Asked first: rarer languages write some of their months alike.
_FREQUENT = (
    "ar",
    "he",
    "fa",
    "hi",
    "bn",
    "th",
    "ms",
    "ta",
    "te",
    "mr",
    "ur",
    "ka",
    "kk",
    "be",
    "mk",
)
_ORDERS = ("dMy", "Mdy", "yMd")


@cache
def further_languages() -> tuple[str, ...]:
    """List the codes of all languages of CLDR that are not tried by themselves."""
    others = (code for code in sorted(locale_identifiers()) if "_" not in code)
    return tuple(code for code in dict.fromkeys((*_FREQUENT, *others)) if code not in LANGUAGES)


def language_code(name: str) -> str | None:
    """Return the code of a language by its code or its English name; None for an unknown one."""
    codes = (*LANGUAGES, *further_languages())
    if name in codes:
        return name
    names = Locale.parse("en").languages
    return next((code for code in codes if names.get(code, "").casefold() == name.casefold()), None)


def format_of_words(texts: Iterable[str]) -> DateFormat | None:
    """Return the format in a further language that reads all texts of days; None without one."""
    parts = [take_apart(text) for text, _ in zip(texts, range(_TRIED_TEXTS), strict=False)]
    days = [day for day in parts if day and len(day.numbers) == 2 and day.words]
    if not days or len(days) < len(parts):
        return None
    for language in further_languages():
        # Kept only where a person names it: hundreds are tried here.
        words = words_of.__wrapped__(language)
        if words and all(words.month_of(day.words) for day in days):
            return _format(days, language)
    return None


def _format(days: list[DayText], language: str) -> DateFormat | None:
    for order in _ORDERS:
        if all(order.index("M") in day.places for day in days):
            year_first = len(days[0].numbers[0]) == 4
            if year_first == (order[0] == "y"):
                return worded(order, days[0].first_separator, language)
    return None
