"""Wording of the summaries for people."""


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: 1 closed sprint, 2 closed sprints."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
