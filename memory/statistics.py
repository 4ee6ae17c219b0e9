"""Statistics of the memory: counts of episodes, and the age of the newest outcome."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg.rows import class_row

from domain_services.chronicle.schema import DecisionEffect
from memory.decision import DecisionSource
from memory.pool import Pool

# The end of an imported sprint is known to the day, the end of a run's sprint to the second.
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
# The effect of a row that a replica of the release before has written is in its document alone.
EFFECT: LiteralString = """
    coalesce(effect, CASE action ->> 'dry_run' WHEN 'true' THEN 'dry_run' ELSE 'acted' END)
"""
_DECISIONS: LiteralString = f"""
    SELECT decision_source, effect, cancelled, CAST(sum(decisions) AS bigint) AS decisions
    FROM (SELECT decision_source, {EFFECT} AS effect, cancelled_at IS NOT NULL AS cancelled,
                 1 AS decisions
          FROM episodes WHERE project_id = %(project)s AND origin = 'run'
          UNION ALL
          SELECT decision_source, effect, cancelled, decisions
          FROM deleted_decisions WHERE project_id = %(project)s) AS decided
    GROUP BY decision_source, effect, cancelled
"""  # noqa: S608 - constants
# Part of the statement that deletes episodes: `gone` holds their columns. In one order, or two
# processes that delete at once could wait for each other.
COUNT_DELETED: LiteralString = """
    INSERT INTO deleted_decisions AS sums
        (project_id, decision_source, effect, cancelled, decisions)
    SELECT project_id, decision_source, effect, cancelled, count(*) FROM gone
    GROUP BY project_id, decision_source, effect, cancelled
    ORDER BY project_id, decision_source, effect, cancelled
    ON CONFLICT (project_id, decision_source, effect, cancelled)
    DO UPDATE SET decisions = sums.decisions + excluded.decisions
"""


@dataclass(frozen=True, slots=True)
class MemoryStatistics:
    """Counts of the memory, of one project or of all."""

    episodes: int
    """All episodes."""
    with_outcome: int
    """Episodes whose sprint has ended."""
    to_embed: int
    """Episodes of all projects that wait for an embedding."""
    in_journal: int
    """Episodes of all projects that are not in the table yet."""
    cached_embeddings: int
    """Embeddings in the database's cache."""
    newest_outcome: datetime | None
    """End of the newest ended sprint; None without one.

    It lies in the future when an import names the outcome of a window that has not ended.
    """


async def memory_statistics(pool: Pool, project_id: str | None = None) -> MemoryStatistics:
    """Count the memory of one project, or of all when `project_id` is None."""
    async with (
        pool.connection() as connection,
        connection.cursor(row_factory=class_row(MemoryStatistics)) as cursor,
    ):
        await cursor.execute(_SELECT, {"project": project_id})
        return await cursor.fetchone() or MemoryStatistics(0, 0, 0, 0, 0, None)


@dataclass(frozen=True, slots=True)
class DecisionCount:
    """Decisions of one source and effect."""

    decision_source: DecisionSource
    """`intelligence_enhanced` when evidence changed a number."""
    effect: DecisionEffect
    """`acted`, or why nothing was to be done."""
    decisions: int
    """How many."""
    cancelled: bool = False
    """True when their sprints were cancelled."""


async def count_decisions(pool: Pool, project_id: str) -> list[DecisionCount]:
    """Count a project's decisions by source and effect, also those whose episodes are deleted."""
    async with (
        pool.connection() as connection,
        connection.cursor(row_factory=class_row(DecisionCount)) as cursor,
    ):
        await cursor.execute(_DECISIONS, {"project": project_id})
        return await cursor.fetchall()
