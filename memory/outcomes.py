"""Outcomes of sprints: stored by sprint, and copied to the episode that created the sprint.

Outcome and episode arrive in either order (docs/adr/0013-outcomes-by-sprint.md). Each transaction
that adds one of them looks for the other one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import LiteralString

from psycopg.rows import class_row

from domain_services.events import ProgressSource
from memory import postgres
from memory.episode import Outcome
from memory.pool import Connection
from memory.postgres import SprintEnd

# Two transactions at once would each miss the other's row, which is not committed yet. Locks are
# taken in the order of the ids, so that two batches never wait for each other.
_LOCK = """
    SELECT pg_advisory_xact_lock(hashtextextended(sprint, 0))
    FROM (SELECT unnest(%s::text[]) AS sprint ORDER BY 1) AS ordered
"""
_UPSERT = """
    INSERT INTO sprint_outcomes (sprint_id, project_id, completed_tasks, planned_tasks,
        completion_rate, spill_over, duration_days, closed_at,
        ended_on, progress_source, worked, completed_outside)
    VALUES (%(sprint_id)s, %(project_id)s, %(completed_tasks)s, %(planned_tasks)s,
        %(completion_rate)s, %(spill_over)s, %(duration_days)s, %(closed_at)s,
        %(ended_on)s, %(progress_source)s, %(worked)s, %(completed_outside)s)
    ON CONFLICT (sprint_id) DO UPDATE SET completed_tasks = excluded.completed_tasks,
        planned_tasks = excluded.planned_tasks, completion_rate = excluded.completion_rate,
        spill_over = excluded.spill_over, duration_days = excluded.duration_days,
        closed_at = excluded.closed_at, ended_on = excluded.ended_on,
        progress_source = excluded.progress_source, worked = excluded.worked,
        completed_outside = excluded.completed_outside
    WHERE sprint_outcomes.closed_at < excluded.closed_at
       OR (sprint_outcomes.closed_at = excluded.closed_at AND excluded.progress_source IS NOT NULL)
"""
_SELECT: LiteralString = """
    SELECT sprint_id, project_id, completed_tasks, planned_tasks, completion_rate, spill_over,
           duration_days, closed_at, ended_on, progress_source, worked, completed_outside
    FROM sprint_outcomes WHERE sprint_id = ANY(%s) ORDER BY sprint_id
"""
_CANCEL = """
    INSERT INTO cancelled_sprints (sprint_id, project_id, reason, cancelled_at)
    VALUES (%(sprint_id)s, %(project_id)s, %(reason)s, %(cancelled_at)s)
    ON CONFLICT (sprint_id) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class ClosedSprint:
    """A sprint that has ended."""

    sprint_id: str
    """Id of the sprint."""
    project_id: str
    """Id of the project."""
    completed_tasks: int
    """Tasks completed in the sprint."""
    planned_tasks: int
    """Tasks that entered the sprint."""
    completion_rate: float | None
    """Completed over planned tasks, 0..1; None for a sprint without tasks."""
    spill_over: int
    """Planned tasks that were not completed."""
    duration_days: int
    """Calendar days of the sprint, from its start to its last day."""
    closed_at: datetime
    """Time of closing; the outcome with the newest one is stored."""
    ended_on: date | None = None
    """Last day of the sprint; None: an earlier release closed it."""
    progress_source: ProgressSource | None = None
    """Origin of its progress; None: an earlier release closed it."""
    worked: bool = True
    """False when it says nothing of the team: nobody worked, or not for long enough."""
    completed_outside: int | None = None
    """Tasks of the project finished in its days outside it; None when not known."""

    @property
    def outcome(self) -> Outcome:
        """Return the outcome as an episode holds it."""
        return Outcome(
            completed_tasks=self.completed_tasks,
            planned_tasks=self.planned_tasks,
            completion_rate=self.completion_rate,
            spill_over=self.spill_over,
            duration_days=self.duration_days,
        )

    @property
    def end(self) -> SprintEnd:
        """Return the end of the sprint as an episode holds it."""
        return SprintEnd(self.ended_on, self.progress_source, self.worked, self.completed_outside)


@dataclass(frozen=True, slots=True)
class CancelledSprint:
    """A sprint in which nobody worked, and which somebody cancelled."""

    sprint_id: str
    """Id of the sprint."""
    project_id: str
    """Id of the project."""
    reason: str | None
    """Reason of the cancellation; None when none was given."""
    cancelled_at: datetime
    """Time of the cancellation."""


async def store(connection: Connection, sprint: ClosedSprint) -> int:
    """Store a sprint's outcome unless a newer one is stored; return how many episodes changed.

    The same close announced again replaces what is stored when it says who worked. To be called in
    a transaction. An episode that is still in the journal gets it later.
    """
    await connection.execute(_LOCK, ([sprint.sprint_id],))
    values = {name: getattr(sprint, name) for name in ClosedSprint.__slots__}
    await connection.execute(_UPSERT, values)
    return await _copy_to_episodes(connection, [sprint.sprint_id])


async def cancel(connection: Connection, sprint: CancelledSprint) -> int:
    """Store that a sprint was cancelled; return how many episodes were marked.

    To be called in a transaction. An episode that is still in the journal is marked later.
    """
    await connection.execute(_LOCK, ([sprint.sprint_id],))
    values = {name: getattr(sprint, name) for name in CancelledSprint.__slots__}
    await connection.execute(_CANCEL, values)
    return await postgres.mark_cancelled(connection, [sprint.sprint_id])


async def update_episodes(connection: Connection, sprint_ids: Iterable[str]) -> int:
    """Copy stored outcomes and cancellations to the episodes of these sprints.

    Return how many changed.

    To be called in a transaction.
    """
    ordered = sorted(set(sprint_ids))
    if not ordered:
        return 0
    await connection.execute(_LOCK, (ordered,))
    cancelled = await postgres.mark_cancelled(connection, ordered)
    return cancelled + await _copy_to_episodes(connection, ordered)


async def _copy_to_episodes(connection: Connection, sprint_ids: list[str]) -> int:
    async with connection.cursor(row_factory=class_row(ClosedSprint)) as cursor:
        await cursor.execute(_SELECT, (sprint_ids,))
        sprints = await cursor.fetchall()
    changed = 0
    for sprint in sprints:
        changed += await postgres.write_outcome(
            connection, sprint.sprint_id, sprint.outcome, sprint.end
        )
    return changed
