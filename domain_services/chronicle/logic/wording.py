"""Wording of the summaries for people."""

from datetime import date


def nothing_recorded(until: date | None) -> str:
    """Say that no sprint is known, of all or of those that ended before `until`."""
    return (
        "no closed sprint is recorded" if until is None else f"no sprint had ended before {until}"
    )


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: 1 closed sprint, 2 closed sprints."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
