"""Phrases that sentences for people share: counted nouns and bounded lists."""

from collections.abc import Collection
from itertools import islice

MOST_NAMES = 10  # of a list in a sentence
MOST_CHARACTERS = 100  # of a name in it


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, as `1 week` or `2 weeks`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(names: Collection[str], most: int = MOST_NAMES, separator: str = ", ") -> str:
    """Name the first `most` of a list, and count the others; a long name is cut."""
    words = separator.join(shortened(name) for name in islice(names, most))
    more = len(names) - most
    return f"{words} and {more} more" if more > 0 else words


def shortened(text: str, most: int = MOST_CHARACTERS) -> str:
    """Cut a text that is longer than `most` characters, with three dots at its end."""
    return text if len(text) <= most else f"{text[: most - 3]}..."
