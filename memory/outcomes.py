"""How sprints ended, written to the decisions that made them; whichever comes first waits.

A closed sprint is kept by its id. Whoever adds either half, the outcome or the episode, looks for
the other one under a lock of the sprint, so that two transactions at once cannot miss each other.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg.rows import class_row

from memory import postgres
from memory.episode import Outcome
from memory.pool import Connection

_LOCK = """
    SELECT pg_advisory_xact_lock(hashtextextended(sprint, 0))
    FROM (SELECT unnest(%s::text[]) AS sprint ORDER BY 1) AS ordered
"""
_KEEP = """
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
_KNOWN: LiteralString = """
    SELECT sprint_id, project_id, completed_tasks, planned_tasks, completion_rate, spill_over,
           duration_days, closed_at
    FROM sprint_outcomes WHERE sprint_id = ANY(%s) ORDER BY sprint_id
"""


@dataclass(frozen=True, slots=True)
class ClosedSprint:
    """A sprint that ended; `completion_rate` in 0..1, None for a sprint without tasks."""

    sprint_id: str
    project_id: str
    completed_tasks: int
    planned_tasks: int
    completion_rate: float | None
    spill_over: int
    duration_days: int
    closed_at: datetime

    @property
    def outcome(self) -> Outcome:
        return Outcome(
            completed_tasks=self.completed_tasks,
            planned_tasks=self.planned_tasks,
            completion_rate=self.completion_rate,
            spill_over=self.spill_over,
            duration_days=self.duration_days,
        )


async def keep(connection: Connection, closed: ClosedSprint) -> int:
    """Keep how a sprint ended, unless something newer is known; how many episodes it changed.

    To be called in a transaction. A sprint that no decision made changes none.
    """
    await connection.execute(_LOCK, ([closed.sprint_id],))
    values = {name: getattr(closed, name) for name in ClosedSprint.__slots__}
    await connection.execute(_KEEP, values)
    return await _settle(connection, [closed.sprint_id])


async def settle(connection: Connection, sprint_ids: Iterable[str]) -> int:
    """Write what is known of these sprints to their episodes; how many changed. As `keep`."""
    wanted = sorted(set(sprint_ids))
    if not wanted:
        return 0
    await connection.execute(_LOCK, (wanted,))
    return await _settle(connection, wanted)


async def _settle(connection: Connection, sprint_ids: list[str]) -> int:
    async with connection.cursor(row_factory=class_row(ClosedSprint)) as cursor:
        await cursor.execute(_KNOWN, (sprint_ids,))
        known = await cursor.fetchall()
    changed = 0
    for closed in known:
        changed += await postgres.write_outcome(connection, closed.sprint_id, closed.outcome)
    return changed
