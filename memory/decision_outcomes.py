"""Ended decisions: the decisions whose sprints have ended, as learning reads them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from memory.decision import DecisionSource, EvidenceKind
from memory.pool import Pool

NEWEST_DECISIONS = 5000  # older ones say little about the agent of today

# An imported episode has no recommendation of this program: only `origin = 'run'` is read. What
# is not known to be people's work teaches nothing (docs/adr/0081-learn-from-work.md). The sprint of
# an edited plan is a person's: it says nothing of rule and recommendation
# (docs/adr/0145-audits-of-deeds.md).
_SELECT = """
    SELECT * FROM (
        SELECT episode_id, e.project_id, e.sprint_id, decision_source, e.completed_tasks,
               coalesce(e.planned_tasks, 0) AS planned_tasks, e.completion_rate,
               rule_tasks, recommended_tasks, raw_confidence, stated_confidence, evidence_kind,
               closed_at,
               o.progress_source = 'simulated' AS simulated
        FROM episodes e
        JOIN sprint_outcomes o ON o.sprint_id = e.sprint_id
        WHERE origin = 'run' AND e.completed_tasks IS NOT NULL AND coalesce(e.worked, o.worked)
          AND effect IS DISTINCT FROM 'edited'
          AND o.progress_source = ANY(%(sources)s)
          AND (%(project)s::text IS NULL OR e.project_id = %(project)s)
        ORDER BY closed_at DESC, episode_id DESC LIMIT %(limit)s
    ) AS newest ORDER BY closed_at, episode_id
"""


@dataclass(frozen=True, slots=True)
class EndedDecision:
    """A decision to create a sprint, and the outcome of that sprint. Counts in tasks."""

    episode_id: UUID
    """Id of the decision's run."""
    project_id: str
    """Id of the project."""
    sprint_id: str
    """The sprint that the decision created."""
    decision_source: DecisionSource
    """`intelligence_enhanced` when evidence changed a number."""
    completed_tasks: int
    """Completed in the sprint."""
    planned_tasks: int
    """Entered the sprint."""
    completion_rate: float | None
    """Completed over planned; None for a sprint without tasks."""
    rule_tasks: int | None
    """The rule's count; None when no change of it was considered."""
    recommended_tasks: int | None
    """The recommended count; None as above."""
    raw_confidence: float | None
    """Chance to end nearer, before calibration, 0..1; None when both counts were equal."""
    stated_confidence: float | None
    """The same after calibration; None as above."""
    closed_at: datetime
    """Time at which the sprint was closed."""
    evidence_kind: EvidenceKind | None = None
    """Kind of the evidence; None: there was none, or an earlier release decided."""
    simulated: bool = False
    """True when its progress was simulated: it is no evidence about people."""


class EndedDecisions:
    """Ended decisions in the agent's database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def read(
        self, project_id: str | None = None, *, simulated: bool = False
    ) -> list[EndedDecision]:
        """Return the newest decisions whose sprints were worked, of one project or of all.

        Oldest first; those of simulated sprints too with `simulated`.
        """
        sources = ["reported", "simulated"] if simulated else ["reported"]
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(EndedDecision)) as cursor,
        ):
            values = {"project": project_id, "sources": sources, "limit": NEWEST_DECISIONS}
            await cursor.execute(_SELECT, values)
            return await cursor.fetchall()
