"""Nearest name to one that a person mistyped."""

from collections.abc import Iterable
from difflib import get_close_matches

# A larger list is long to compare, and longer names are no typing errors.
_MOST_NAMES, _MOST_CHARACTERS = 5_000, 200


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like a name, whatever its case; None when none is."""
    by_spelling: dict[str, str] = {}
    for one in known:
        if 0 < len(one) <= _MOST_CHARACTERS and len(by_spelling) < _MOST_NAMES:
            by_spelling.setdefault(one.casefold(), one)
    matches = get_close_matches(name[:_MOST_CHARACTERS].casefold(), by_spelling, 1)
    return by_spelling[matches[0]] if matches else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the question after a sentence about an unknown name; "" when no name is near."""
    near = nearest(name, known)
    return f" Did you mean {near!r}?" if near is not None else ""
