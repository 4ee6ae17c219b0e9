"""Priorities of trackers as numbers."""

import pytest

from agent.importing.meaning.priorities import priority_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Highest", 1),
        (" major ", 2),
        ("1", 1),
        ("5", 5),
        ("P0", 1),
        ("p1", 1),
        ("P5", 5),
        ("1 - Critical", 1),
        ("2 - High", 2),
        ("4-Low", 4),
        ("3 (Moderate)", 3),
        ("2 High", 2),
        ("P2: soon", 2),
    ],
)
def test_known_priority_becomes_a_number(text: str, expected: int) -> None:
    assert priority_of(text) == expected


@pytest.mark.parametrize(
    "text", ["", "sehr hoch", "0", "6", "10", "P6", "2.5", "1-2", "PP1", "1st"]
)
def test_unknown_priority_has_no_number(text: str) -> None:
    assert priority_of(text) is None
