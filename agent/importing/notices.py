"""Sentences of an import for the person who runs it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Notice:
    """Sentence about something that the person should know."""

    text: str
    """Whole sentences, with their figures."""
    weight: Literal["warning", "note"] = "note"
    """`warning` when work is left out or read otherwise than it may be meant."""


@dataclass(frozen=True, slots=True)
class Question:
    """Doubt that a person must settle before anything is written; a preview only shows it."""

    text: str
    """What is in doubt, with its figures."""
    answer: str
    """Option that settles it, such as `--date-format m/d/Y`."""
