"""History of a project as of one day: past sprints, backlog, and what happened afterwards."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from agent.importing.tasks import Task


@dataclass(frozen=True, slots=True)
class PastSprint:
    """One window of the history, shown as a sprint."""

    number: int
    """Position from the oldest window, which is 1."""
    start_date: date
    """First day."""
    end_date: date
    """Last day."""
    completed: tuple[Task, ...]
    """Tasks finished from the first to the last day."""
    created: tuple[Task, ...]
    """Tasks created from the first to the last day."""
    open_at_start: int
    """Tasks created before the first day and not finished before it."""


@dataclass(frozen=True, slots=True)
class Holdout:
    """Tasks and finishes that nobody can know on the day of the import."""

    created_later: tuple[Task, ...]
    """Tasks created after the day."""
    finished: int
    """Tasks finished in the window that begins on the day, one cadence long."""
    finished_created_by: int
    """Tasks of `finished` that were created by the day."""
    from_backlog: tuple[str, ...]
    """Ids of the tasks of `finished` that were in the backlog of the day."""


@dataclass(frozen=True, slots=True)
class ProjectHistory:
    """A project as of a day."""

    project_id: str
    """Project id."""
    backlog: tuple[Task, ...]
    """Tasks open on the day, the oldest first."""
    sprints: tuple[PastSprint, ...]
    """Windows that end before the day, the oldest first."""
    holdout: Holdout
    """Later facts, for a comparison with the decision."""


def split_history(
    tasks: Iterable[Task], as_of: date, cadence_days: int
) -> dict[str, ProjectHistory]:
    """Split each project's tasks at a day, into windows of `cadence_days` that end before it.

    A task finished before the day is in exactly one sprint. A task created by the day and finished
    after it, or open, is in the backlog. A task finished on the very day is in neither. The first
    sprint is the window of the first creation; without a finish before the day there is no sprint.
    """
    # Borders: docs/adr/0020-borders-of-a-day.md.
    by_project: dict[str, list[Task]] = {}
    for task in sorted(tasks, key=lambda task: (task.created, task.id)):
        by_project.setdefault(task.project, []).append(task)
    return {
        project: ProjectHistory(
            project_id=project,
            backlog=tuple(
                task
                for task in project_tasks
                if task.created <= as_of and (task.finished is None or task.finished > as_of)
            ),
            sprints=_sprints(project_tasks, as_of, cadence_days),
            holdout=_holdout(project_tasks, as_of, cadence_days),
        )
        for project, project_tasks in sorted(by_project.items())
    }


def _sprints(tasks: list[Task], as_of: date, days: int) -> tuple[PastSprint, ...]:
    if not any(task.finished and task.finished < as_of for task in tasks):
        return ()
    # Tasks are sorted by creation, and none is finished before it was created.
    count = _windows_back(tasks[0].created, as_of, days)
    created: list[list[Task]] = [[] for _ in range(count)]
    completed: list[list[Task]] = [[] for _ in range(count)]
    # Change of the open count from one start to the next, so that long-lived tasks cost no more.
    change = [0] * (count + 1)
    for task in tasks:
        if task.created >= as_of:
            break
        first = count - _windows_back(task.created, as_of, days)
        created[first].append(task)
        change[first + 1] += 1
        if task.finished and task.finished < as_of:
            last = count - _windows_back(task.finished, as_of, days)
            completed[last].append(task)
            change[last + 1] -= 1
    sprints: list[PastSprint] = []
    open_at_start = 0
    for index in range(count):
        start = as_of - timedelta(days * (count - index))
        open_at_start += change[index]
        sprints.append(
            PastSprint(
                number=index + 1,
                start_date=start,
                end_date=start + timedelta(days - 1),
                completed=tuple(completed[index]),
                created=tuple(created[index]),
                open_at_start=open_at_start,
            )
        )
    return tuple(sprints)


def _windows_back(day: date, as_of: date, days: int) -> int:
    """Count the windows from an earlier day to `as_of`; the last window is 1."""
    return -((day - as_of).days // days)


def _holdout(tasks: list[Task], as_of: date, days: int) -> Holdout:
    end = as_of + timedelta(days)
    finished = [task for task in tasks if task.finished and as_of <= task.finished < end]
    known = [task for task in finished if task.created <= as_of]
    return Holdout(
        created_later=tuple(task for task in tasks if task.created > as_of),
        finished=len(finished),
        finished_created_by=len(known),
        from_backlog=tuple(task.id for task in known if task.finished != as_of),
    )
