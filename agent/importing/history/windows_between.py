"""Imported past sprints of a project that may have sprints of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from agent.importing.history.filling import PastSprint, fill_spans, worked_sprints
from agent.importing.history.history_windows import blocks_of, history_of
from agent.importing.history.known_rows import KnownRows
from agent.importing.history.spans import (
    DAY,
    Block,
    Span,
    spans_around,
    spans_before,
    whole_windows,
)
from agent.importing.history.tracker_sprints import Timeline, timeline
from agent.importing.history.tracker_sprints import last_day as last_day_of
from agent.importing.loading.existing_history import Existing
from agent.importing.tasks import TrackerSprint
from domain_services.sprint.schema import SprintSummary


def past_sprints(rows: KnownRows, day: date, existing: Existing | None) -> list[PastSprint]:
    """Return the imported sprints of a project on a day, the oldest first.

    Without a sprint that was decided here or named by the tracker, windows end in a row before
    `day` and are numbered from 1. Otherwise a sprint keeps the number that it was recorded with,
    and numbers above those in use are left to `number_sprints`, as 0.
    """
    if not rows.work:
        return []
    if existing is None or not existing.own:
        history = history_of(rows, day)
        sprints = list(history.sprints) if history else []
        named = any(sprint.name for sprint in sprints)
        return _with_recorded_numbers(sprints, existing) if existing and named else sprints
    spans = _spans_beside(existing.own, rows, day)
    return _with_recorded_numbers(
        worked_sprints(fill_spans(rows.work, spans), rows.known_until), existing
    )


def number_sprints(sprints: Sequence[PastSprint], last_number: int) -> list[PastSprint]:
    """Give numbers after `last_number` to sprints that have none."""
    numbered: list[PastSprint] = []
    for sprint in sprints:
        if not sprint.number:
            last_number += 1
        numbered.append(sprint if sprint.number else replace(sprint, number=last_number))
    return numbered


def last_day(sprint: SprintSummary) -> date:
    """Return the last day that a sprint ran, or will run while it is in progress."""
    return sprint.ended_on or sprint.end_date


def uncovered(
    own: Sequence[SprintSummary], anchor: date, day: date, cadence_days: int
) -> Iterator[Span]:
    """Yield the windows after `anchor` that no sprint covers, whole ones before `day` only."""
    cursor = anchor
    for sprint in own:
        if sprint.status == "cancelled":
            continue
        yield from whole_windows(cursor, min(sprint.start_date, day), cadence_days)
        cursor = max(cursor, last_day(sprint) + DAY)
    yield from whole_windows(cursor, day, cadence_days)


def _spans_beside(own: Sequence[SprintSummary], rows: KnownRows, day: date) -> list[Span]:
    """Return windows and tracker's sprints beside the sprints that were decided here."""
    valid = [sprint for sprint in own if sprint.status != "cancelled"]
    first = rows.work[0].created
    tracker = _beside(timeline(rows.work, rows.sprints, day, rows.cadence_days), valid)
    blocks = blocks_of(tracker, day)
    if not blocks:
        before = spans_before(first, min(rows.windows_end, day), rows.cadence_days)
        return [
            *_free(before, valid),
            *uncovered(own, rows.windows_end, day, rows.cadence_days),
        ]
    blocks += [Block(sprint.start_date, last_day(sprint)) for sprint in valid]
    return spans_around(blocks, first, day, rows.cadence_days)


def _beside(tracker: Timeline, own: Sequence[SprintSummary]) -> Timeline:
    """Let a tracker's sprint end before the first one here that overlaps it, or drop it.

    The tasks that it left unfinished were planned here: what became of them is recorded there.
    """
    past: list[TrackerSprint] = []
    running: list[TrackerSprint] = []
    for sprint in (*tracker.past, *tracker.running):
        starts = [one.start_date for one in own if _overlap(sprint, one)]
        if not starts:
            (past if sprint in tracker.past else running).append(sprint)
        elif sprint.start is not None and sprint.start < min(starts):
            past.append(replace(sprint, closed=min(starts) - DAY))
    return Timeline(tuple(past), tuple(running))


def _overlap(sprint: TrackerSprint, own: SprintSummary) -> bool:
    if sprint.start is None:
        return False
    last = last_day_of(sprint)
    return (last is None or last >= own.start_date) and sprint.start <= last_day(own)


def _free(spans: Sequence[Span], own: Sequence[SprintSummary]) -> list[Span]:
    return [
        span
        for span in spans
        if not any(
            sprint.start_date <= span.end and last_day(sprint) >= span.start for sprint in own
        )
    ]


def _with_recorded_numbers(sprints: Sequence[PastSprint], existing: Existing) -> list[PastSprint]:
    """Give each sprint the number that it was recorded with; 0 where it is new.

    A sprint is known by its name, or else by its first day; a window by its first day.
    """
    names = {sprint.name for sprint in sprints if sprint.name}
    by_name = {note.sprint_name: _number(note.sprint_id) for note in existing.imported}
    by_start = {
        note.start_date: _number(note.sprint_id)
        for note in existing.imported
        if note.sprint_name not in names
    }
    return [
        replace(
            sprint,
            number=by_name.get(sprint.name or "", 0) or by_start.pop(sprint.start_date, 0),
        )
        for sprint in sprints
    ]


def _number(sprint_id: str) -> int:
    return int(sprint_id.rpartition("-S")[2])
