"""History of a project as of one day: past sprints and backlog."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from agent.importing.tasks import Task


@dataclass(frozen=True, slots=True)
class PastSprint:
    """One window of the history, shown as a sprint."""

    number: int
    """Position from the oldest sprint, which is 1."""
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

    @property
    def arrived(self) -> int:
        """Count the completed tasks that were created from the first day on."""
        return sum(task.created >= self.start_date for task in self.completed)


@dataclass(frozen=True, slots=True)
class ProjectHistory:
    """A project as of a day."""

    project_id: str
    """Project id."""
    backlog: tuple[Task, ...]
    """Tasks open on the day, the oldest first."""
    sprints: tuple[PastSprint, ...]
    """Windows that end before the day, the oldest first."""
    created_later: tuple[Task, ...]
    """Tasks created after the day, kept back."""
    finished_on_day: int
    """Tasks finished on the day itself, which are in neither backlog nor sprints."""


def split_history(
    tasks: Iterable[Task], as_of: date, cadence_days: int, known_until: date | None = None
) -> dict[str, ProjectHistory]:
    """Split each project's tasks at a day, into windows of `cadence_days` that end before it.

    A task finished before the day is in exactly one sprint. A task created by the day and finished
    after it, or open, is in the backlog. A task finished on the very day is in neither. The first
    sprint is the first window in which a task was finished. `known_until` is the last day that the
    file knows: a window that is known for less than half is no sprint. None knows every day.
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
            sprints=_sprints(project_tasks, as_of, cadence_days, known_until),
            created_later=tuple(task for task in project_tasks if task.created > as_of),
            finished_on_day=sum(task.finished == as_of for task in project_tasks),
        )
        for project, project_tasks in sorted(by_project.items())
    }


@dataclass(frozen=True, slots=True)
class Span:
    """Days of a window, both ends included."""

    start: date
    """First day."""
    end: date
    """Last day."""

    @property
    def days(self) -> int:
        """Length in days."""
        return (self.end - self.start).days + 1


def spans_before(first: date, end: date, days: int) -> list[Span]:
    """Return the windows that end before `end` in a row, the oldest with the day `first` in it."""
    count = max(0, -((first - end).days // days))
    starts = [end - timedelta(days * (count - index)) for index in range(count)]
    return [Span(start, start + timedelta(days - 1)) for start in starts]


def fill_windows(tasks: Iterable[Task], spans: Sequence[Span]) -> list[PastSprint]:
    """Fill windows that do not overlap, the oldest first, with a project's tasks."""
    ordered = sorted(tasks, key=lambda task: (task.created, task.id))
    created: list[list[Task]] = [[] for _ in spans]
    completed: list[list[Task]] = [[] for _ in spans]
    starts = [span.start for span in spans]
    for task in ordered:
        for day, windows in ((task.created, created), (task.finished, completed)):
            index = bisect_right(starts, day) - 1 if day else -1
            if day and index >= 0 and day <= spans[index].end:
                windows[index].append(task)
    creations = [task.created for task in ordered]
    finishes = sorted(task.finished for task in ordered if task.finished)
    return [
        PastSprint(
            number=index + 1,
            start_date=span.start,
            end_date=span.end,
            completed=tuple(completed[index]),
            created=tuple(created[index]),
            open_at_start=bisect_left(creations, span.start) - bisect_left(finishes, span.start),
        )
        for index, span in enumerate(spans)
    ]


def worked_windows(sprints: Sequence[PastSprint], known_until: date | None) -> list[PastSprint]:
    """Leave out the windows before the first finish, and those of which too little is known."""
    # A team that has not begun, or whose file ended, says nothing about its throughput.
    first = next((place for place, sprint in enumerate(sprints) if sprint.completed), len(sprints))
    return [sprint for sprint in sprints[first:] if _is_known(sprint, known_until)]


def _is_known(sprint: PastSprint, known_until: date | None) -> bool:
    if known_until is None:
        return True
    days = (sprint.end_date - sprint.start_date).days + 1
    return 2 * ((known_until - sprint.start_date).days + 1) >= days


def _sprints(
    tasks: list[Task], as_of: date, days: int, known_until: date | None
) -> tuple[PastSprint, ...]:
    # Tasks are sorted by creation, and none is finished before it was created.
    sprints = fill_windows(tasks, spans_before(tasks[0].created, as_of, days))
    worked = worked_windows(sprints, known_until)
    return tuple(replace(sprint, number=number) for number, sprint in enumerate(worked, start=1))
