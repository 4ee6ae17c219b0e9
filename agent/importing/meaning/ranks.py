"""Ranks of an export: numbers, or texts that sort letter by letter, such as Jira's LexoRank."""

import math
from collections.abc import Iterable

from agent.importing.tasks import Task


def are_mixed(ranks: Iterable[str | None]) -> bool:
    """Tell whether some ranks are numbers and others are texts; None is no rank."""
    return len({_number(rank) is None for rank in ranks if rank is not None}) > 1


def in_order(tasks: Iterable[Task]) -> list[Task]:
    """Sort the ranked tasks by their ranks; none of them when the ranks are mixed."""
    ranked = [task for task in tasks if task.rank is not None]
    if are_mixed(task.rank for task in ranked):
        return []
    # Equal ranks keep the order of the backlog: the oldest task first.
    ranked.sort(key=lambda task: (task.created, task.id))
    ranked.sort(key=lambda task: _place(task.rank or ""))
    return ranked


def _place(rank: str) -> tuple[float, str]:
    number = _number(rank)
    return (0.0, rank) if number is None else (number, "")


def _number(text: str) -> float | None:
    # A number that cannot be read costs more than all else, and Jira gives each task such a text.
    if "|" in text:
        return None
    try:
        # Exports of many European locales write 3,5.
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
