"""Priorities of trackers as numbers from 1 (the highest) to 5."""

import re

DEFAULT_PRIORITY = 3
_NAMES = {
    "blocker": 1,
    "highest": 1,
    "critical": 1,
    "urgent": 1,
    "high": 2,
    "major": 2,
    "medium": 3,
    "normal": 3,
    "moderate": 3,
    "low": 4,
    "minor": 4,
    "lowest": 5,
    "trivial": 5,
}
# Alone as in 2 and P2, or before a name as in Azure's "2 - High"; P0 is above P1 in some trackers.
_NUMBERED = re.compile(r"(?:p ?(?P<p>[0-5])|(?P<n>[1-5]))(?:\s*[-\u2013:.)(]\s*\D*|\s+[^\W\d].*)?")


def priority_of(text: str) -> int | None:
    """Return the number that a priority's name means; None when the name is not known."""
    normalised = " ".join(text.split()).casefold()
    if (priority := _NAMES.get(normalised)) is not None:
        return priority
    match = _NUMBERED.fullmatch(normalised)
    return max(1, int(match["p"] or match["n"])) if match else None
