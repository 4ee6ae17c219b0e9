"""Own decisions whose sprints have ended: what there is to learn from."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from memory.episode import DecisionSource
from memory.pool import Pool

MOST = 5000  # newest decisions; older ones say little about the agent of today

_SELECT = """
    SELECT * FROM (
        SELECT episode_id, e.project_id, e.sprint_id, decision_source, e.completed_tasks,
               coalesce(e.planned_tasks, 0) AS planned_tasks, e.completion_rate,
               (count_of_tasks ->> 'original_recommendation')::integer AS rule_tasks,
               (count_of_tasks ->> 'intelligence_recommendation')::integer AS recommended_tasks,
               (count_of_tasks #>> '{evidence_details,confidence,raw}')::float8 AS raw_confidence,
               (count_of_tasks ->> 'confidence')::float8 AS stated_confidence, closed_at
        FROM episodes e
        JOIN sprint_outcomes o ON o.sprint_id = e.sprint_id,
            jsonb_extract_path(reasoning, 'intelligence_adjustments', 'task_count_modification')
                AS count_of_tasks
        WHERE origin = 'run' AND e.completed_tasks IS NOT NULL
          AND (%(project)s::text IS NULL OR e.project_id = %(project)s)
        ORDER BY closed_at DESC, episode_id DESC LIMIT %(most)s
    ) AS newest ORDER BY closed_at, episode_id
"""


@dataclass(frozen=True, slots=True)
class EndedDecision:
    """A decision to create a sprint, and what became of it. Counts in tasks.

    `planned_tasks` entered the sprint. `rule_tasks`, `recommended_tasks` and the confidences (raw:
    before calibration) are None when no adjustment of the count was considered; the confidences
    also when there was nothing to compare.
    """

    episode_id: UUID
    project_id: str
    sprint_id: str
    decision_source: DecisionSource
    completed_tasks: int
    planned_tasks: int
    completion_rate: float | None
    rule_tasks: int | None
    recommended_tasks: int | None
    raw_confidence: float | None
    stated_confidence: float | None
    closed_at: datetime


class EndedDecisions:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def read(self, project_id: str | None = None) -> list[EndedDecision]:
        """The newest `MOST` of one project or of all, in the order in which sprints ended."""
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(EndedDecision)) as cursor,
        ):
            await cursor.execute(_SELECT, {"project": project_id, "most": MOST})
            return await cursor.fetchall()
