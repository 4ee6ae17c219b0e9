"""Past sprints: spans of days filled with the tasks that were in them, or were finished in them."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from agent.importing.history.spans import DAY, Span
from agent.importing.tasks import Task


@dataclass(frozen=True, slots=True)
class PastSprint:
    """One past sprint of the tracker, or one window of the history, shown as a sprint."""

    number: int
    """Position from the oldest sprint, which is 1."""
    start_date: date
    """First day."""
    end_date: date
    """Last day that was planned, or that it ran when that is later."""
    completed: tuple[Task, ...]
    """Tasks of the sprint that were finished in it; of a window, all finished in its days."""
    created: tuple[Task, ...]
    """Tasks created from the first to the last day."""
    open_at_start: int
    """Tasks created before the first day and not closed before it."""
    name: str | None = None
    """Name as the tracker writes it; None for a window."""
    ended_on: date | None = None
    """Last day that it ran, when it was closed before the planned last day; None otherwise."""
    unfinished: tuple[Task, ...] = ()
    """Tasks of the sprint that were not finished in it; of a window none is known."""
    committed: int | None = None
    """Tasks that were in it when it started; None for a window: no file knows."""
    outside: tuple[Task, ...] = ()
    """Tasks finished in its days, or in the short gap behind it, and not in any sprint."""
    inferred: bool = False
    """True when the days were inferred from its tasks."""
    among_sprints: bool = False
    """True for a window in a history that has sprints of the tracker, too."""
    commitment_known: bool = False
    """True when a change log tells the commitment."""

    @property
    def finished(self) -> tuple[Task, ...]:
        """All tasks that count for it."""
        return self.completed + self.outside

    @property
    def arrived(self) -> int:
        """Count the finished tasks that were created from the first day on."""
        return sum(task.created >= self.start_date for task in self.finished)


def fill_spans(tasks: Iterable[Task], spans: Sequence[Span]) -> list[PastSprint]:
    """Fill spans, the oldest first, with a project's work; each finished task counts once at most.

    A task counts for a sprint of its own that its finish falls into, or else for the span of the
    day of its finish.
    """
    ordered = sorted(tasks, key=lambda task: (task.created, task.id))
    counts = _Counts(spans, ordered)
    places = {span.sprint.name: place for place, span in enumerate(spans) if span.sprint}
    completed, outside, members = (tuple[list[Task], ...]([] for _ in spans) for _ in range(3))
    for task in ordered:
        own = list(dict.fromkeys(places[name] for name in task.sprints if name in places))
        for place in own:
            if _was_in(task, spans[place]):
                members[place].append(task)
        day = task.finished
        if day is None:
            continue
        inside = [place for place in own if spans[place].start <= day <= spans[place].end]
        if inside:
            completed[inside[-1]].append(task)
        elif (place := counts.place_of(day)) is not None:
            in_window = spans[place].sprint is None and day <= spans[place].end
            (completed if in_window else outside)[place].append(task)
    return [
        counts.past_sprint(place, completed[place], outside[place], members[place])
        for place in range(len(spans))
    ]


def worked_sprints(sprints: Sequence[PastSprint], known_until: date | None) -> list[PastSprint]:
    """Leave out the windows before the first finish, and days of which too little is known.

    Sprints of the tracker are history from the first one on.
    """
    # A team that has not begun, or whose file ended, says nothing about its throughput.
    worked = (place for place, sprint in enumerate(sprints) if sprint.name or sprint.finished)
    first = next(worked, len(sprints))
    return [sprint for sprint in sprints[first:] if _is_known(sprint, known_until)]


class _Counts:
    """Days of a project on which tasks were created and closed, for its spans."""

    def __init__(self, spans: Sequence[Span], ordered: Sequence[Task]) -> None:
        # Closed on an unknown day: nobody knows in which of the spans it was open.
        known = [task for task in ordered if task.ended or task.is_open(date.max)]
        self._spans = spans
        self._has_sprints = any(span.sprint for span in spans)
        self._starts = [span.start for span in spans]
        self._ordered = ordered
        self._ids = {task.id for task in ordered}
        self._creations = [task.created for task in ordered]
        self._known_creations = [task.created for task in known]
        self._ends = sorted(task.ended for task in known if task.ended)

    def place_of(self, day: date) -> int | None:
        """Return the span that a finish on a day counts for; None outside all of them."""
        last = bisect_right(self._starts, day) - 1
        # Sprints may run side by side: the newest one that was not over.
        while last >= 0 and day > self._spans[last].counted_until:
            last -= 1
        return last if last >= 0 else None

    def past_sprint(
        self, place: int, completed: list[Task], outside: list[Task], members: list[Task]
    ) -> PastSprint:
        """Return the past sprint of a span."""
        span = self._spans[place]
        finished = {task.id for task in completed}
        first, end = (bisect_left(self._creations, day) for day in (span.start, span.end + DAY))
        sprint = span.sprint
        planned_end = sprint.end if sprint and sprint.end else span.end
        return PastSprint(
            number=place + 1,
            start_date=span.start,
            end_date=max(span.end, planned_end),
            completed=tuple(completed),
            created=tuple(self._ordered[first:end]),
            open_at_start=bisect_left(self._known_creations, span.start)
            - bisect_left(self._ends, span.start),
            name=sprint.name if sprint else None,
            ended_on=span.end if span.end < planned_end else None,
            unfinished=tuple(task for task in members if task.id not in finished),
            committed=self._committed(span, members) if sprint else None,
            outside=tuple(outside),
            inferred=bool(sprint and sprint.inferred),
            among_sprints=sprint is None and self._has_sprints,
            commitment_known=bool(sprint and sprint.committed is not None),
        )

    def _committed(self, span: Span, members: Sequence[Task]) -> int:
        """Count the tasks of a sprint at its start, as its tracker tells them.

        Without a change log these are its tasks that existed on the first day; of inferred days,
        all of them.
        """
        sprint = span.sprint
        assert sprint is not None
        if sprint.committed is not None:
            return len(self._ids.intersection(sprint.committed))
        return sum(sprint.inferred or task.created <= span.start for task in members)


def _was_in(task: Task, span: Span) -> bool:
    """Tell whether a task that names a sprint can have been in it while it ran."""
    if task.created > span.end or (task.ended is None and not task.is_open(span.end)):
        return False
    return task.ended is None or task.ended >= span.start


def _is_known(sprint: PastSprint, known_until: date | None) -> bool:
    if known_until is None:
        return True
    days = (sprint.end_date - sprint.start_date).days + 1
    return 2 * ((known_until - sprint.start_date).days + 1) >= days
