"""Counts of what a file holds: tasks by project, status and priority."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from agent.importing.meaning.priorities import priority_of
from agent.importing.meaning.statuses import State, state_of
from agent.importing.tasks import Task


@dataclass(frozen=True, slots=True)
class ProjectCount:
    """Tasks of one project."""

    project: str
    """Project id."""
    tasks: int
    """All tasks."""
    finished: int
    """Tasks with a finish date."""
    first: date
    """Day of the first creation."""
    last: date
    """Last day on which a task was created or finished."""


@dataclass(frozen=True, slots=True)
class StatusCount:
    """Tasks of one status."""

    status: str
    """Status as the file writes it."""
    tasks: int
    """Tasks with this status."""
    state: State | None
    """Meaning of the status; None when its name is not known."""


@dataclass(frozen=True, slots=True)
class PriorityCount:
    """Tasks of one priority."""

    name: str
    """Priority as the file writes it."""
    tasks: int
    """Tasks with this priority."""
    priority: int | None
    """Meaning, from 1 (the highest) to 5; None when its name is not known."""


def count_projects(tasks: Sequence[Task]) -> tuple[ProjectCount, ...]:
    """Count the tasks of each project, sorted by project id."""
    by_project: dict[str, list[Task]] = {}
    for task in tasks:
        by_project.setdefault(task.project, []).append(task)
    return tuple(
        ProjectCount(
            project=project,
            tasks=len(project_tasks),
            finished=sum(task.finished is not None for task in project_tasks),
            first=min(task.created for task in project_tasks),
            last=max(task.finished or task.created for task in project_tasks),
        )
        for project, project_tasks in sorted(by_project.items())
    )


def count_statuses(tasks: Sequence[Task]) -> tuple[StatusCount, ...]:
    """Count the tasks of each status, the most frequent first."""
    counts = Counter(task.status for task in tasks if task.status)
    return tuple(
        StatusCount(status, count, state_of(status)) for status, count in counts.most_common()
    )


def count_priorities(tasks: Sequence[Task]) -> tuple[PriorityCount, ...]:
    """Count the tasks of each priority, the most frequent first."""
    counts = Counter(task.priority for task in tasks if task.priority)
    return tuple(
        PriorityCount(name, count, priority_of(name)) for name, count in counts.most_common()
    )
