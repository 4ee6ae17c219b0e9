"""How fresh memory is."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from memory.pool import Pool

# An import knows the day on which a window began and how long it was; a run knows the moment.
_SELECT = """
    SELECT (SELECT count(*) FROM episodes WHERE %(project)s::text IS NULL
               OR project_id = %(project)s) AS episodes,
           (SELECT count(*) FROM episodes WHERE completed_tasks IS NOT NULL
               AND (%(project)s::text IS NULL OR project_id = %(project)s)) AS with_outcome,
           (SELECT count(*) FROM episodes WHERE requires_embedding) AS to_embed,
           (SELECT count(*) FROM episode_journal WHERE refused IS NULL) AS in_journal,
           (SELECT count(*) FROM embedding_cache) AS cached_embeddings,
           greatest(
               (SELECT max(closed_at) FROM sprint_outcomes
                WHERE %(project)s::text IS NULL OR project_id = %(project)s),
               (SELECT max(day + duration_days) FROM episodes WHERE completed_tasks IS NOT NULL
                AND origin = 'import' AND (%(project)s::text IS NULL OR project_id = %(project)s))
           ) AS newest_outcome
"""
_DECISIONS = """
    SELECT decision_source, count(*) FROM episodes
    WHERE project_id = %s AND origin = 'run' AND sprint_id IS NOT NULL GROUP BY decision_source
"""


@dataclass(frozen=True, slots=True)
class MemoryStatistics:
    """Counts of episodes; `newest_outcome` is None when no outcome is known.

    It may be yet to come: an import may tell the outcome of a window that has not ended.
    """

    episodes: int
    with_outcome: int
    to_embed: int
    in_journal: int
    cached_embeddings: int
    newest_outcome: datetime | None


async def memory_statistics(pool: Pool, project_id: str | None = None) -> MemoryStatistics:
    """Of one project (the backlog of embeddings and the caches are everybody's), or of all."""
    async with (
        pool.connection() as connection,
        connection.cursor(row_factory=class_row(MemoryStatistics)) as cursor,
    ):
        await cursor.execute(_SELECT, {"project": project_id})
        return await cursor.fetchone() or MemoryStatistics(0, 0, 0, 0, 0, None)


async def decisions_by_source(pool: Pool, project_id: str) -> dict[str, int]:
    """How many sprints were decided on, by source."""
    async with pool.connection() as connection:
        rows = await (await connection.execute(_DECISIONS, (project_id,))).fetchall()
    return dict(rows)
