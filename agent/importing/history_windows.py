"""A project's tasks seen from one day: its past sprints, its backlog, and what is kept back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from agent.importing.tasks import Task


@dataclass(frozen=True, slots=True)
class PastSprint:
    """One window of the history; `number` counts from 1, the oldest; `end_date` is its last day.

    `completed` and `created` happened from start to end, both days included; `open_at_start` counts
    the tasks created before the start and not finished before it (`open_on` lists them).
    """

    number: int
    start_date: date
    end_date: date
    completed: tuple[Task, ...]
    created: tuple[Task, ...]
    open_at_start: int


@dataclass(frozen=True, slots=True)
class HeldBack:
    """What the day cannot know. `finished` counts what was finished in [day, day + cadence).

    `finished_created_by` of these were created by the day; `from_backlog` are the ids of those that
    were also open after it, that is all but the ones finished on the very day.
    """

    created_later: tuple[Task, ...]
    finished: int
    finished_created_by: int
    from_backlog: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProjectPast:
    """A project as of a day: `backlog` oldest first, `sprints` up to the day before it."""

    project_id: str
    backlog: tuple[Task, ...]
    sprints: tuple[PastSprint, ...]
    held_back: HeldBack


def cut(tasks: Iterable[Task], as_of: date, cadence_days: int) -> dict[str, ProjectPast]:
    """Each project as of the day, by project id, in windows of `cadence_days` that end before it.

    A task finished before the day is in exactly one sprint; one created by the day and finished
    after it, or open, is in the backlog; one finished on the very day is in neither. The first
    sprint is the window of the first creation; without a finish before the day there is no sprint.
    """
    grouped: dict[str, list[Task]] = {}
    for task in sorted(tasks, key=lambda task: (task.created, task.id)):
        grouped.setdefault(task.project, []).append(task)
    return {
        project: ProjectPast(
            project_id=project,
            backlog=tuple(
                task
                for task in own
                if task.created <= as_of and (task.finished is None or task.finished > as_of)
            ),
            sprints=_sprints(own, as_of, cadence_days),
            held_back=_hold_back(own, as_of, cadence_days),
        )
        for project, own in sorted(grouped.items())
    }


def open_on(tasks: Iterable[Task], day: date) -> list[Task]:
    """The tasks created before the day and not finished before it."""
    return [
        task
        for task in tasks
        if task.created < day and (task.finished is None or task.finished >= day)
    ]


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
        begun = count - _windows_back(task.created, as_of, days)
        created[begun].append(task)
        change[begun + 1] += 1
        if task.finished and task.finished < as_of:
            ended = count - _windows_back(task.finished, as_of, days)
            completed[ended].append(task)
            change[ended + 1] -= 1
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
    """Which window before `as_of` holds an earlier day: 1 is the last."""
    return -((day - as_of).days // days)


def _hold_back(tasks: list[Task], as_of: date, days: int) -> HeldBack:
    end = as_of + timedelta(days)
    finished = [task for task in tasks if task.finished and as_of <= task.finished < end]
    known = [task for task in finished if task.created <= as_of]
    return HeldBack(
        created_later=tuple(task for task in tasks if task.created > as_of),
        finished=len(finished),
        finished_created_by=len(known),
        from_backlog=tuple(task.id for task in known if task.finished != as_of),
    )
