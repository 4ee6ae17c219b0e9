"""Counts of what a file holds: tasks by project, type, state, status and priority."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from agent.importing.meaning.statuses import State, plain_name, state_of
from agent.importing.tasks import Kind, Task


@dataclass(frozen=True, slots=True)
class StateCounts:
    """Work by its state: tasks that are planned and counted, without containers and parts."""

    completed: int
    """Tasks that were finished on a known day."""
    dropped: int
    """Tasks that were closed without being done."""
    open: int
    """Tasks that are not closed."""
    doing: int
    """Open tasks that somebody works on."""
    done_on_unknown_day: int
    """Tasks that were finished on a day that nothing tells."""


@dataclass(frozen=True, slots=True)
class ProjectCount:
    """Tasks of one project."""

    project: str
    """Project id."""
    tasks: int
    """Tasks that are planned and counted."""
    finished: int
    """Tasks with a finish date."""
    first: date
    """Day of the first creation."""
    last: date
    """Last day on which a task was created or finished."""
    open: int
    """Tasks that are not closed."""
    dropped: int
    """Tasks that were closed without being done."""
    done_on_unknown_day: int
    """Tasks that were finished on a day that nothing tells."""
    containers: int
    """Rows that hold tasks, such as epics."""
    parts: int
    """Rows that are steps of a task."""
    left_out: int
    """Rows of types that a person did not choose."""


@dataclass(frozen=True, slots=True)
class KindCount:
    """Rows of one type and kind."""

    type: str
    """Type as the file writes it; "" without one."""
    tasks: int
    """Rows of the type."""
    kind: Kind
    """Size of these rows."""


@dataclass(frozen=True, slots=True)
class StatusCount:
    """Tasks of one status."""

    status: str
    """Status as the file writes it."""
    tasks: int
    """Tasks with this status."""
    state: State | None
    """State of most of its tasks; None when its name is not known."""


@dataclass(frozen=True, slots=True)
class PriorityCount:
    """Tasks of one priority."""

    name: str
    """Priority as the file writes it."""
    tasks: int
    """Tasks with this priority."""
    priority: int | None
    """Meaning, from 1 (the highest) to 5; None when its name is not known."""


def work_in(tasks: Sequence[Task]) -> Sequence[Task]:
    """Return the tasks that are planned and counted: work, and parts of no task of the file."""
    if all(task.kind is Kind.WORK for task in tasks):
        return tasks
    parts = any(task.kind is Kind.PART for task in tasks)
    ids = {task.id for task in tasks} if parts else set[str]()
    return [
        task
        for task in tasks
        if task.kind is Kind.WORK or (task.kind is Kind.PART and task.parent not in ids)
    ]


def count_states(work: Sequence[Task]) -> StateCounts:
    """Count work by its state."""
    states = Counter(
        (task.state, task.finished is not None)
        for task in work
        if task.state in (State.DONE, State.DROPPED)
    )
    closed = sum(states.values())
    return StateCounts(
        completed=states[State.DONE, True],
        dropped=states[State.DROPPED, False],
        open=len(work) - closed,
        doing=sum(task.state is State.DOING for task in work),
        done_on_unknown_day=states[State.DONE, False],
    )


def count_projects(tasks: Sequence[Task], work: Sequence[Task]) -> tuple[ProjectCount, ...]:
    """Count the tasks of each project, sorted by project id."""
    by_project: dict[str, list[Task]] = {task.project: [] for task in tasks}
    for task in work:
        by_project[task.project].append(task)
    kinds = Counter((task.project, task.kind) for task in tasks)
    days: dict[str, tuple[date, date]] = {}
    for task in tasks:
        last = task.ended or task.created
        first, latest = days.get(task.project, (task.created, last))
        days[task.project] = (min(first, task.created), max(latest, last))
    return tuple(
        _project(project, project_work, days[project], kinds)
        for project, project_work in sorted(by_project.items())
    )


def _project(
    project: str,
    work: Sequence[Task],
    days: tuple[date, date],
    kinds: Mapping[tuple[str, Kind], int],
) -> ProjectCount:
    states = count_states(work)
    return ProjectCount(
        project=project,
        tasks=len(work),
        finished=states.completed,
        first=days[0],
        last=days[1],
        open=states.open,
        dropped=states.dropped,
        done_on_unknown_day=states.done_on_unknown_day,
        containers=kinds.get((project, Kind.CONTAINER), 0),
        parts=kinds.get((project, Kind.PART), 0),
        left_out=kinds.get((project, Kind.LEFT_OUT), 0),
    )


def count_kinds(tasks: Sequence[Task]) -> tuple[KindCount, ...]:
    """Count the rows of each type and kind, the most frequent first."""
    counts = Counter((task.type or "", task.kind) for task in tasks)
    return tuple(KindCount(name, count, kind) for (name, kind), count in counts.most_common())


def count_statuses(
    tasks: Sequence[Task], chosen: Mapping[str, State], own: Mapping[str, State]
) -> tuple[StatusCount, ...]:
    """Count the tasks of each status, the most frequent first.

    A status means what its tasks are where these agree, and what its name says elsewhere.
    """
    counts = Counter(task.status for task in tasks if task.status)
    states: dict[str, Counter[State | None]] = {}
    for task in tasks:
        if task.status:
            states.setdefault(task.status, Counter())[task.state] += 1
    return tuple(
        StatusCount(
            status,
            count,
            chosen.get(plain_name(status)) or _common_state(states[status], state_of(status, own)),
        )
        for status, count in counts.most_common()
    )


def _common_state(states: Counter[State | None], by_name: State | None) -> State | None:
    """Return the state of a status: by its tasks where they agree, by its name otherwise."""
    if len(states) == 1 and None not in states:
        return next(iter(states))
    return by_name if by_name or None in states else states.most_common(1)[0][0]


def count_priorities(tasks: Sequence[Task]) -> tuple[PriorityCount, ...]:
    """Count the tasks of each priority, the most frequent first."""
    counts = Counter((task.priority, task.priority_level) for task in tasks if task.priority)
    return tuple(
        PriorityCount(name or "", count, level) for (name, level), count in counts.most_common()
    )
