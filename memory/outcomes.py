"""Outcomes of sprints: stored by sprint, and copied to the episode that created the sprint.

Outcome and episode arrive in either order (docs/adr/0013-outcomes-by-sprint.md). Each transaction
that adds one of them looks for the other one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg.rows import class_row

from memory import postgres
from memory.episode import Outcome
from memory.pool import Connection

# Two transactions at once would each miss the other's row, which is not committed yet. Locks are
# taken in the order of the ids, so that two batches never wait for each other.
_LOCK = """
    SELECT pg_advisory_xact_lock(hashtextextended(sprint, 0))
    FROM (SELECT unnest(%s::text[]) AS sprint ORDER BY 1) AS ordered
"""
_UPSERT = """
    INSERT INTO sprint_outcomes (sprint_id, project_id, completed_tasks, planned_tasks,
        completion_rate, spill_over, duration_days, closed_at)
    VALUES (%(sprint_id)s, %(project_id)s, %(completed_tasks)s, %(planned_tasks)s,
        %(completion_rate)s, %(spill_over)s, %(duration_days)s, %(closed_at)s)
    ON CONFLICT (sprint_id) DO UPDATE SET completed_tasks = excluded.completed_tasks,
        planned_tasks = excluded.planned_tasks, completion_rate = excluded.completion_rate,
        spill_over = excluded.spill_over, duration_days = excluded.duration_days,
        closed_at = excluded.closed_at
    WHERE sprint_outcomes.closed_at < excluded.closed_at
"""
_SELECT: LiteralString = """
    SELECT sprint_id, project_id, completed_tasks, planned_tasks, completion_rate, spill_over,
           duration_days, closed_at
    FROM sprint_outcomes WHERE sprint_id = ANY(%s) ORDER BY sprint_id
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
    """Calendar days of the sprint."""
    closed_at: datetime
    """Time of closing; the outcome with the newest one is stored."""

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


async def store(connection: Connection, sprint: ClosedSprint) -> int:
    """Store a sprint's outcome unless a newer one is stored; return how many episodes changed.

    To be called in a transaction. An episode that is still in the journal gets it later.
    """
    await connection.execute(_LOCK, ([sprint.sprint_id],))
    values = {name: getattr(sprint, name) for name in ClosedSprint.__slots__}
    await connection.execute(_UPSERT, values)
    return await _copy_to_episodes(connection, [sprint.sprint_id])


async def update_episodes(connection: Connection, sprint_ids: Iterable[str]) -> int:
    """Copy stored outcomes to the episodes of these sprints; return how many changed.

    To be called in a transaction.
    """
    ordered = sorted(set(sprint_ids))
    if not ordered:
        return 0
    await connection.execute(_LOCK, (ordered,))
    return await _copy_to_episodes(connection, ordered)


async def _copy_to_episodes(connection: Connection, sprint_ids: list[str]) -> int:
    async with connection.cursor(row_factory=class_row(ClosedSprint)) as cursor:
        await cursor.execute(_SELECT, (sprint_ids,))
        sprints = await cursor.fetchall()
    changed = 0
    for sprint in sprints:
        changed += await postgres.write_outcome(connection, sprint.sprint_id, sprint.outcome)
    return changed
