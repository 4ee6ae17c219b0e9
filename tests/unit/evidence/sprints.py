"""Past sprints, ages of tasks and candidates for the tests of the evidence."""

from collections.abc import Sequence
from datetime import date, timedelta

from domain_services.backlog.planning_schema import (
    CLASS_BORDERS,
    AgeWindow,
    Candidate,
    TaskAges,
)
from graphs.evidence.pace import Sprint

DAY = date(2016, 6, 6)
CLASSES = len(CLASS_BORDERS)


def of(*completed: int) -> tuple[Sprint, ...]:
    """Make sprints of which only the completed tasks are known."""
    return tuple(Sprint(count) for count in completed)


def by_class(**counts: int) -> list[int]:
    """Count tasks by class, named by the lowest age: `by_class(d7=3)`."""
    return [counts.get(f"d{border}", 0) for border in CLASS_BORDERS]


def ages(
    windows: Sequence[tuple[list[int], list[int]]], open_tasks: list[int], days: int = 14
) -> TaskAges:
    """Make ages from (open, finished) tasks by class of each window, oldest first."""
    return TaskAges(
        project_id="OWN",
        day=DAY,
        days=days,
        class_borders=list(CLASS_BORDERS),
        open_tasks=open_tasks,
        windows=[
            AgeWindow(
                start_date=DAY - timedelta(days=days * (len(windows) - place)),
                open=open_counts,
                finished=finished,
                arrived=0,
            )
            for place, (open_counts, finished) in enumerate(windows)
        ],
    )


def candidate(number: int, **values: object) -> Candidate:
    """Make a free task, a week old, with priority 3 unless `values` say otherwise."""
    fields: dict[str, object] = {
        "task_id": f"T{number}",
        "title": f"Task {number}",
        "external_key": None,
        "rank": None,
        "carried_over": False,
        "ready": not values.get("waits_for"),
        "waits_for": [],
        "priority": 3,
        "estimate": None,
        "created_on": DAY - timedelta(days=7),
        "age_days": 7,
    }
    return Candidate.model_validate(fields | values)
