"""Rebuild what was known at the start of each fortnight of a project from dates of its tasks."""

import csv
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from typing import cast

from domain_services.backlog.planning_schema import CLASS_BORDERS, AgeWindow, TaskAges
from graphs.evidence.pace import Sprint
from graphs.thresholds import HISTORY_SPRINTS, LOOK_BACK_WINDOWS

DAYS = 14
FORTNIGHT = timedelta(days=DAYS)
# The shipped example: two Scrum projects, numbers and dates only.
SHIPPED = cast("Path", files("agent.cli") / "example_data" / "two-scrum-projects.csv")


@dataclass(frozen=True)
class Task:
    """Task of the past; every one was finished in the end."""

    created: date
    """Day on which it was created."""
    number: int
    """Number in its project."""
    finished: date
    """Day on which it was finished, not before its creation."""


@dataclass(frozen=True)
class Fortnight:
    """Start of a fortnight: what was known, and what came of it."""

    project: str
    """Name of the project."""
    place: int
    """Number of the fortnight in its project, from 0."""
    working: int | None
    """Fortnights since the first in which an open task was finished; None before it."""
    ages: TaskAges
    """Ages of the open tasks, now and in the fortnights before, as the backlog counts them."""
    history: tuple[Sprint, ...]
    """Fortnights before, from the first finished task on, oldest first."""
    open_tasks: tuple[Task, ...]
    """Tasks that are open."""
    finished: int
    """Open tasks that were finished in the fortnight."""

    def is_finished(self, task: Task) -> bool:
        """Check that an open task was finished in the fortnight."""
        return task.finished < self.ages.day + FORTNIGHT

    def age_of(self, task: Task) -> int:
        """Return the days since a task was created."""
        return (self.ages.day - task.created).days


def read_tasks(path: Path = SHIPPED) -> dict[str, list[Task]]:
    """Read the tasks of each project, oldest first; by number, never in the order of the file.

    The file is sorted by cycle time, which is the future of its tasks.
    """
    projects: dict[str, list[Task]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            created = date.fromisoformat(row["created_date"])
            finished = max(created, date.fromisoformat(row["finished_date"]))
            projects[f"project {row['project']}"].append(Task(created, int(row["task"]), finished))
    return {
        name: sorted(tasks, key=lambda task: (task.created, task.number))
        for name, tasks in sorted(projects.items())
    }


def fortnights(project: str, tasks: Sequence[Task]) -> list[Fortnight]:
    """Rebuild every fortnight that ends before the last creation, from a Monday on.

    A fortnight counts a task as open that was created before its first day and not finished then,
    so the sprint is decided before anything happens on that day.
    """
    windows = [_window(tasks, day) for day in _first_days(tasks)]
    finished = [sum(window.finished) for window in windows]
    first = next((place for place, count in enumerate(finished) if count), len(finished))
    past = [
        Sprint(count + window.arrived, DAYS, arrived=window.arrived)
        for window, count in zip(windows, finished, strict=True)
    ]
    return [
        Fortnight(
            project=project,
            place=place,
            working=place - first if place >= first else None,
            ages=_ages(project, windows[: place + 1]),
            history=tuple(past[first:place][-HISTORY_SPRINTS:]),
            open_tasks=tuple(_open(tasks, window.start_date)),
            finished=finished[place],
        )
        for place, window in enumerate(windows)
    ]


def age_class(days: int) -> int:
    """Return the place of the age class of a task that has been open for `days`."""
    return bisect_right(CLASS_BORDERS, days) - 1


def _first_days(tasks: Sequence[Task]) -> Iterator[date]:
    first, last = tasks[0].created, max(task.created for task in tasks)
    day = first + timedelta(days=7 - first.weekday())
    while day + FORTNIGHT <= last:
        yield day
        day += FORTNIGHT


def _window(tasks: Sequence[Task], day: date) -> AgeWindow:
    """Count a fortnight as domain_services/backlog/logic/ages.py does."""
    open_tasks, finished = [0] * len(CLASS_BORDERS), [0] * len(CLASS_BORDERS)
    for task in _open(tasks, day):
        place = age_class((day - task.created).days)
        open_tasks[place] += 1
        finished[place] += task.finished < day + FORTNIGHT
    end = day + FORTNIGHT
    arrived = sum(day <= task.created and task.finished < end for task in tasks)
    return AgeWindow(start_date=day, open=open_tasks, finished=finished, arrived=arrived)


def _open(tasks: Sequence[Task], day: date) -> Iterator[Task]:
    return (task for task in tasks if task.created < day <= task.finished)


def _ages(project: str, windows: Sequence[AgeWindow]) -> TaskAges:
    """Return what was known at the start of the last window."""
    *before, now = windows
    return TaskAges(
        project_id=project,
        day=now.start_date,
        days=DAYS,
        class_borders=list(CLASS_BORDERS),
        open_tasks=now.open,
        windows=before[-LOOK_BACK_WINDOWS:],
    )
