"""Windows of the imported history of a project that has sprints of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from agent.importing.history.history_windows import (
    PastSprint,
    Span,
    fill_windows,
    spans_before,
    split_history,
    worked_windows,
)
from agent.importing.history.known_rows import KnownRows
from agent.importing.loading.existing_history import Existing
from domain_services.sprint.schema import SprintSummary

DAY = timedelta(days=1)


def past_sprints(rows: KnownRows, day: date, existing: Existing | None) -> list[PastSprint]:
    """Return the imported sprints of a project on a day, the oldest first.

    Without a sprint that was decided here, the windows end in a row before `day` and are numbered
    from 1. With one, earlier windows keep their days, and new ones fill whole cadences between the
    sprints. Numbers above those in use are left to `number_sprints`, as 0.
    """
    if existing is None or not existing.own:
        histories = split_history(rows.tasks, day, rows.cadence_days, rows.known_until)
        return [sprint for history in histories.values() for sprint in history.sprints]
    if not rows.tasks:
        return []
    first = min(task.created for task in rows.tasks)
    spans = [
        *_free(spans_before(first, min(rows.windows_end, day), rows.cadence_days), existing.own),
        *uncovered(existing.own, rows.windows_end, day, rows.cadence_days),
    ]
    numbers = {note.start_date: _number(note.sprint_id) for note in existing.imported}
    return [
        replace(sprint, number=numbers.get(sprint.start_date, 0))
        for sprint in worked_windows(fill_windows(rows.tasks, spans), rows.known_until)
    ]


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


def _free(spans: Sequence[Span], own: Sequence[SprintSummary]) -> list[Span]:
    return [
        span
        for span in spans
        if not any(
            sprint.start_date <= span.end and last_day(sprint) >= span.start
            for sprint in own
            if sprint.status != "cancelled"
        )
    ]


def uncovered(
    own: Sequence[SprintSummary], anchor: date, day: date, cadence_days: int
) -> Iterator[Span]:
    """Yield the windows after `anchor` that no sprint covers, whole ones before `day` only."""
    cursor = anchor
    for sprint in own:
        if sprint.status == "cancelled":
            continue
        yield from _whole(cursor, min(sprint.start_date, day), cadence_days)
        cursor = max(cursor, last_day(sprint) + DAY)
    yield from _whole(cursor, day, cadence_days)


def _whole(first: date, end: date, cadence_days: int) -> Iterator[Span]:
    length = timedelta(days=cadence_days)
    while first + length <= end:
        yield Span(first, first + length - DAY)
        first += length


def _number(sprint_id: str) -> int:
    return int(sprint_id.rpartition("-S")[2])
