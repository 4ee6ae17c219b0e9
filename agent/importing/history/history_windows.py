"""History of a project as of one day: past sprints, backlog, and the sprints that run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from agent.importing.history.filling import PastSprint, fill_spans, worked_sprints
from agent.importing.history.known_rows import KnownRows
from agent.importing.history.spans import Block, spans_around
from agent.importing.history.tracker_sprints import NO_SPRINTS, Timeline, last_day, timeline
from agent.importing.history.work import work_of
from agent.importing.tasks import Task, TrackerSprint


@dataclass(frozen=True, slots=True)
class ProjectHistory:
    """A project as of a day."""

    project_id: str
    """Project id."""
    backlog: tuple[Task, ...]
    """Tasks open on the day, the oldest first."""
    sprints: tuple[PastSprint, ...]
    """Sprints of the tracker and windows that end before the day, the oldest first."""
    created_later: tuple[Task, ...]
    """Tasks created after the day, kept back."""
    finished_on_day: int
    """Tasks finished on the day itself, which are in neither backlog nor sprints."""
    timeline: Timeline = NO_SPRINTS
    """Sprints of the tracker."""


def split_history(
    tasks: Iterable[Task],
    as_of: date,
    cadence_days: int,
    known_until: date | None = None,
    sprints: Iterable[TrackerSprint] = (),
) -> dict[str, ProjectHistory]:
    """Split each project's work at a day: what ended before it, what is open, what comes later.

    A task finished before the day is in one past sprint at most: in one of its own that was not
    over, or else in the one of its day, be it a sprint of the tracker or a window of `cadence_days`
    between these. A task created by the day and closed after it, or open, is in the backlog. A task
    finished on the very day is in neither. History begins with the first sprint in which anything
    is known. `known_until` is the last day that the file knows; None knows every day.
    """
    # Borders: docs/adr/0020-borders-of-a-day.md.
    by_project: dict[str, list[Task]] = {}
    for task in work_of(tasks):
        by_project.setdefault(task.project, []).append(task)
    own_sprints: dict[str, list[TrackerSprint]] = {name: [] for name in by_project}
    for sprint in sprints:
        own_sprints.get(sprint.project, []).append(sprint)
    return {
        project: _project_history(
            project, project_tasks, as_of, cadence_days, known_until, own_sprints[project]
        )
        for project, project_tasks in sorted(by_project.items())
    }


def history_of(rows: KnownRows, day: date) -> ProjectHistory | None:
    """Split a project's known work at a day as `split_history` does; None without any work.

    The history has the tasks of `rows.work` themselves.
    """
    if not rows.work:
        return None
    cadence, sprints = rows.cadence_days, rows.sprints
    return _project_history(rows.project_id, rows.work, day, cadence, rows.known_until, sprints)


def _project_history(
    project: str,
    tasks: Sequence[Task],
    as_of: date,
    cadence_days: int,
    known_until: date | None,
    sprints: Sequence[TrackerSprint],
) -> ProjectHistory:
    tracker = timeline(tasks, sprints, as_of, cadence_days)
    blocks = blocks_of(tracker, as_of)
    spans = spans_around(blocks, tasks[0].created, as_of, cadence_days)
    past = worked_sprints(fill_spans(tasks, spans), known_until)
    return ProjectHistory(
        project_id=project,
        backlog=tuple(task for task in tasks if task.created <= as_of and task.is_open(as_of)),
        sprints=tuple(replace(sprint, number=number) for number, sprint in enumerate(past, 1)),
        created_later=tuple(task for task in tasks if task.created > as_of),
        finished_on_day=sum(task.finished == as_of for task in tasks),
        timeline=tracker,
    )


def blocks_of(sprints: Timeline, day: date) -> list[Block]:
    """Return the days of the tracker's sprints; those of running ones are no history yet."""
    past = [
        Block(sprint.start, last, sprint)
        for sprint in sprints.past
        if sprint.start is not None and (last := last_day(sprint)) is not None
    ]
    running = [
        Block(sprint.start, max(day, last_day(sprint) or day))
        for sprint in sprints.running
        if sprint.start is not None
    ]
    return past + running
