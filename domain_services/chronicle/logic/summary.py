"""Summary of everything that is recorded, over all projects."""

from typing import Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.logic.wording import counted
from domain_services.chronicle.schema import MetricsSummary
from domain_services.kernel.errors import NotFound

# Share of finished tasks, at least; own convention, in line with `impact.SUCCESS_COMPLETION_RATE`.
GOOD_COMPLETION_RATE = 0.8
FAIR_COMPLETION_RATE = 0.5

# Decisions may name sprints of which no note is recorded: these count as sprints too.
_TOTALS = text(
    """
    WITH only_decided AS (
        SELECT DISTINCT project_id, sprint_id FROM counted_decisions a
        WHERE effect <> 'deed'
          AND NOT EXISTS (SELECT FROM sprint_retrospectives r WHERE r.sprint_id = a.sprint_id)
          AND NOT EXISTS (SELECT FROM chronicle_notes n WHERE n.sprint_id = a.sprint_id))
    SELECT (SELECT count(*) FROM (SELECT project_id FROM project_history
                                  UNION SELECT project_id FROM decision_chains) AS projects)
               AS total_projects,
           coalesce(sum(named_sprint_count), 0)
               + (SELECT count(sprint_id) FROM only_decided) AS total_sprints,
           coalesce(sum(report_count), 0) AS total_daily_scrum_reports,
           coalesce(sum(retrospective_count), 0) AS total_retrospectives,
           (SELECT count(*) FROM retrospective_action_items) AS total_action_items,
           CAST(sum(known_scope_finished) AS float8) / sum(known_scope_tasks) AS completion_rate,
           sum(known_scope_count) AS known_sprints
    FROM project_history
    """
)


async def summarise(connection: AsyncConnection) -> MetricsSummary:
    """Count over all projects. Raises: `NotFound` when nothing is recorded."""
    totals = (await connection.execute(_TOTALS)).one()
    if totals.total_projects == 0:
        raise NotFound("nothing is recorded of any project: record or import sprints first")
    rate = totals.completion_rate
    summary = (
        f"{counted(totals.total_projects, 'project')}, {counted(totals.total_sprints, 'sprint')}. "
    )
    reasons: dict[str, str] = {}
    if rate is None:
        why = "of no closed sprint all tasks are known"
        summary += f"Their health cannot be judged: {why}."
        reasons["overall_system_health"] = why
    else:
        known = counted(totals.known_sprints, "closed sprint")
        summary += f"{rate:.0%} of the tasks of {known} were finished."
    return MetricsSummary(
        total_projects=totals.total_projects,
        total_sprints=totals.total_sprints,
        total_daily_scrum_reports=totals.total_daily_scrum_reports,
        total_retrospectives=totals.total_retrospectives,
        total_action_items=totals.total_action_items,
        overall_system_health=None if rate is None else health(rate),
        summary_analysis=summary,
        reasons=reasons,
    )


def health(completion_rate: float) -> Literal["Good", "Fair", "Poor"]:
    """Rate the share of finished tasks (0..1)."""
    if completion_rate >= GOOD_COMPLETION_RATE:
        return "Good"
    return "Fair" if completion_rate >= FAIR_COMPLETION_RATE else "Poor"
