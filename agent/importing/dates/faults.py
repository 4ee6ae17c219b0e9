"""Words for a date column that is refused as a whole."""

from collections import Counter
from collections.abc import Mapping

from agent.importing.dates.day_text import take_apart, written_words
from agent.importing.dates.detection import ColumnReadings
from agent.importing.dates.words import Words, all_words, language_name

# One bad value is a fault of its row, also in a short file.
FEWEST_UNREAD = 2
# Largest share of values that may be written in another way, or be no dates at all.
SHARE_OTHERWISE, SHARE_NO_DATES = 0.02, 0.1
_SHOWN = 6


def column_fault(column: ColumnReadings) -> str | None:
    """Return the end of a sentence about a column that is not to be read; None for another."""
    unread = sum(column.unread.values())
    if unread < FEWEST_UNREAD:
        return None
    words = _month_words(column)
    if words.total() > SHARE_OTHERWISE * column.values:
        return _words_fault(column, words)
    otherwise = {text: count for text, count in column.unread.items() if _is_date_like(text)}
    if column.readings and sum(otherwise.values()) > SHARE_OTHERWISE * column.values:
        known = column.readings[0].format
        return (
            f"is written in several ways: most of it as {known.name} ({known.example}), "
            f"but {_listing(otherwise)}; write all its dates alike"
        )
    if unread > SHARE_NO_DATES * column.values:
        return (
            f"holds values that are no dates: {_listing(column.unread)}; "
            "write its dates as 2016-06-13, or map another column"
        )
    return None


def _month_words(column: ColumnReadings) -> Counter[str]:
    """Count the words of unread values that stand where a month stands, as they are written."""
    language = column.readings[0].format.language if column.readings else None
    known = next((words for words in all_words() if words.language == language), None)
    words: Counter[str] = Counter()
    for text, count in column.unread.items():
        parts = take_apart(text)
        if parts is None or len(parts.numbers) != 2 or not parts.words:
            continue
        spelled = written_words(text)
        telling = [
            word
            for word, plain in zip(spelled, parts.words, strict=True)
            if known and plain not in known.small and plain not in known.weekdays
        ]
        words[" ".join(telling or spelled)] += count
    return words


def _words_fault(column: ColumnReadings, words: Counter[str]) -> str:
    listing = _listing(words)
    known = column.readings[0].format.language if column.readings else None
    others = [language for language in all_words() if language.language != known]
    if known and (language := next((other for other in others if _reads(other, words)), None)):
        return (
            f"mixes languages: its month words are {language_name(known)}, but {listing} "
            f"{language_name(language.language)}; export it in one language"
        )
    return (
        f"has month words that cannot be read: {listing}; "
        "export it in English, or with months as numbers such as 2016-06-13"
    )


def _reads(language: Words, words: Counter[str]) -> bool:
    texts = [take_apart(f"1 {word} 2016") for word in words]
    return all(parts is not None and language.month_of(parts.words) for parts in texts)


def _is_date_like(text: str) -> bool:
    parts = take_apart(text)
    return parts is not None and (parts.is_numeric or bool(parts.words))


def _listing(texts: Mapping[str, int]) -> str:
    shown = Counter(texts).most_common(_SHOWN)
    more = [f"{len(texts) - _SHOWN} more"] if len(texts) > _SHOWN else []
    return ", ".join([f"{text.strip()!r} in {_rows(count)}" for text, count in shown] + more)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
