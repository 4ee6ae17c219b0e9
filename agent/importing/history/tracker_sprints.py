"""Sprints of the tracker as they are seen from a day: past ones, and those that run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from agent.importing.history.sprint_days import infer_days, natural
from agent.importing.meaning.statuses import State
from agent.importing.tasks import Task, TrackerSprint

DAY = timedelta(days=1)
# A sprint known by its name runs while one of its tasks was finished in so many last days.
RECENT_DAYS = 28


@dataclass(frozen=True, slots=True)
class Timeline:
    """Sprints of a project's tracker, seen from a day."""

    past: tuple[TrackerSprint, ...] = ()
    """Sprints that ended before the day, with first and last day, in the order of their start."""
    running: tuple[TrackerSprint, ...] = ()
    """Sprints that run on the day; the last day may be None."""


NO_SPRINTS = Timeline()


def timeline(
    tasks: Iterable[Task], sprints: Iterable[TrackerSprint], day: date, cadence_days: int
) -> Timeline:
    """Divide the sprints that the tracker or a task names; future ones are left out.

    `tasks` are the work of one project. A sprint without days gets inferred ones, from what was
    finished before the day, where no sprint with days is.
    """
    members = _members(tasks, day)
    known = {sprint.name: sprint for sprint in sprints}
    # A sprint without a task that is planned and counted says nothing.
    named = [
        known.get(name) or TrackerSprint(next(iter(of)).project, name, None, None)
        for name, of in members.items()
    ]
    dated = [sprint for sprint in named if sprint.start is not None and _last(sprint) is not None]
    undated = [sprint for sprint in named if sprint not in dated and sprint.state != "future"]
    past: list[TrackerSprint] = []
    running: list[TrackerSprint] = []
    for sprint in _without_shared_days(dated):
        start, last = sprint.start, _last(sprint)
        assert start is not None
        assert last is not None
        if start > day or sprint.state == "future":
            continue
        # A sprint that is overdue runs until somebody closes it.
        runs = last >= day or (sprint.state == "active" and sprint.closed is None)
        (running if runs else past).append(sprint)
    inferred = _inferred(undated, members, day, cadence_days)
    for sprint, runs in _beside(inferred, [*past, *running], day):
        (running if runs else past).append(sprint)
    past.sort(key=lambda sprint: (sprint.start or day, natural(sprint.name)))
    return Timeline(tuple(past), tuple(running))


def last_day(sprint: TrackerSprint) -> date | None:
    """Return the day on which a sprint was closed, or else its last planned one; None: unknown."""
    return _last(sprint)


def _last(sprint: TrackerSprint) -> date | None:
    last = sprint.closed or sprint.end
    return None if last is None or sprint.start is None else max(last, sprint.start)


def _members(tasks: Iterable[Task], day: date) -> dict[str, list[Task]]:
    """Return the tasks of each sprint that were created by the day."""
    members: dict[str, list[Task]] = {}
    for task in tasks:
        if task.created <= day:
            for name in task.sprints:
                members.setdefault(name, []).append(task)
    return members


def _without_shared_days(sprints: Sequence[TrackerSprint]) -> list[TrackerSprint]:
    """Let a sprint end on the day before the next one where they share their border.

    Sprints that ran side by side keep their days.
    """
    # Most trackers write the moment at which the next sprint may begin.
    starts = {sprint.start for sprint in sprints}
    return [_until_the_next(sprint) if _last(sprint) in starts else sprint for sprint in sprints]


def _until_the_next(sprint: TrackerSprint) -> TrackerSprint:
    start, last = sprint.start, _last(sprint)
    if start is None or last is None or last == start:
        return sprint
    day_before = last - DAY
    if sprint.closed is not None:
        return replace(sprint, closed=day_before)
    return replace(sprint, end=day_before)


def _inferred(
    sprints: Sequence[TrackerSprint],
    members: dict[str, list[Task]],
    day: date,
    cadence_days: int,
) -> list[tuple[TrackerSprint, bool]]:
    """Return sprints with inferred days, and whether each runs; those to come are left out."""
    if not sprints:
        return []
    names = {sprint.name for sprint in sprints}
    finishes: dict[str, list[date]] = {name: [] for name in names}
    for name in names:
        for task in members[name]:
            if task.finished and task.finished < day and _final(task) == name:
                finishes[name].append(task.finished)
    earliest = min(task.created for name in names for task in members[name])
    days = infer_days(finishes, earliest, cadence_days)
    by_name = {sprint.name: sprint for sprint in sprints}
    ordered = sorted(days, key=lambda name: days[name].start)
    inferred: list[tuple[TrackerSprint, bool]] = []
    for name in ordered:
        sprint = by_name[name]
        start, end = days[name].start, days[name].end
        runs = name == ordered[-1] and _runs(sprint, members[name], end, day)
        inferred.append((replace(sprint, start=start, end=end, closed=None, inferred=True), runs))
    begun = [
        (replace(sprint, inferred=True), True)
        for sprint in sprints
        if sprint.name not in days and _has_begun(sprint, members[sprint.name], day)
    ]
    return inferred + begun


def _final(task: Task) -> str:
    return task.sprints[-1]


def _runs(sprint: TrackerSprint, tasks: Iterable[Task], last_finish: date, day: date) -> bool:
    """Tell whether the newest sprint by its finishes goes on: it is recent, and has open tasks."""
    if sprint.state is not None:
        return sprint.state == "active"
    recent = (day - last_finish).days <= RECENT_DAYS
    return recent and any(task.is_open(day) and _final(task) == sprint.name for task in tasks)


def _has_begun(sprint: TrackerSprint, tasks: Iterable[Task], day: date) -> bool:
    """Tell whether a sprint in which nothing was finished runs: somebody works in it."""
    if sprint.state is not None:
        return sprint.state == "active"
    return any(
        task.is_open(day) and task.state is State.DOING and _final(task) == sprint.name
        for task in tasks
    )


def _beside(
    inferred: Iterable[tuple[TrackerSprint, bool]], dated: Sequence[TrackerSprint], day: date
) -> list[tuple[TrackerSprint, bool]]:
    """Shorten inferred sprints so that they overlap none with days of its own; drop hidden ones."""
    beside: list[tuple[TrackerSprint, bool]] = []
    for sprint, runs in inferred:
        start, end = sprint.start, sprint.end
        for other in dated:
            other_last = _last(other)
            if start is None or end is None or other.start is None or other_last is None:
                continue
            if other.start <= start <= other_last:
                start = other_last + DAY
            elif start < other.start <= end:
                end = other.start - DAY
        if start is None or end is None:
            beside.append((sprint, runs))
        elif start <= end and start <= day:
            beside.append((replace(sprint, start=start, end=end), runs))
    return beside
