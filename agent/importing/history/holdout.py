"""Actual outcome of a window, from the rows that imports have saved beside the services.

A decision must not see it. It is printed beside the decision afterwards, for comparison.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from agent.importing.history import known_rows
from agent.importing.history.known_rows import KnownRows
from agent.importing.history.row_store import RowStore


@dataclass(frozen=True)
class ActualOutcome:
    """Tasks that a team finished in a window, as far as the imported files know."""

    project_id: str
    """Project id."""
    window_start: date
    """First day of the window."""
    window_end: date
    """Last day of the window."""
    known_until: date | None
    """Last day of the window that is known; None when all of it is."""
    finished: int
    """Tasks finished in the known days of the window."""
    from_backlog: tuple[str, ...]
    """The file's ids of the tasks of `finished` that were open and created by the first day."""

    @property
    def days(self) -> int:
        """Days of the window."""
        return (self.window_end - self.window_start).days + 1


async def find(store: RowStore, project_id: str, start: date, end: date) -> ActualOutcome | None:
    """Read the actual outcome of a window; None when no imported file knows its first day."""
    document = await store.read(project_id)
    if document is None:
        return None
    rows = known_rows.from_document(document, store.describe(project_id))
    if rows is None:
        return _outcome_of_earlier_release(document.values, project_id, start, end)
    return outcome_of(rows, start, end)


def outcome_of(rows: KnownRows, start: date, end: date) -> ActualOutcome | None:
    """Count what was finished in a window; None when the rows end before it begins."""
    if rows.known_until < start:
        return None
    last = min(end, rows.known_until)
    finished = [task for task in rows.work if task.finished and start <= task.finished <= last]
    return ActualOutcome(
        project_id=rows.project_id,
        window_start=start,
        window_end=end,
        known_until=None if last == end else last,
        finished=len(finished),
        from_backlog=tuple(
            task.id
            for task in finished
            # An import leaves out of the backlog what was finished on its day itself.
            if task.created <= start and not task.finished == start == rows.as_of
        ),
    )


async def cadence_weeks(store: RowStore, project_id: str) -> int | None:
    """Return the cadence of a project's import; None without one or when it is not whole weeks."""
    document = await store.read(project_id)
    if document is None:
        return None
    content = document.values
    if content.get("format") == known_rows.FORMAT:
        days = int(content["cadence_days"])
    else:
        days = _days(content["as_of"], content["window_end"])
    return days // 7 if days % 7 == 0 else None


def _outcome_of_earlier_release(
    content: Mapping[str, Any], project_id: str, start: date, end: date
) -> ActualOutcome | None:
    """Read the outcome of the one window that release 0.1.0 saved, if it is the one asked for."""
    if content.get("as_of") != start.isoformat():
        return None
    window_end = date.fromisoformat(content["window_end"])
    # It did not save how far its file reached, so an empty window may be an unknown one.
    if window_end != end or not content["finished"]:
        return None
    return ActualOutcome(
        project_id=project_id,
        window_start=start,
        window_end=end,
        known_until=None,
        finished=content["finished"],
        from_backlog=tuple(content["from_backlog"]),
    )


def _days(first: str, last: str) -> int:
    return (date.fromisoformat(last) - date.fromisoformat(first) + timedelta(1)).days
