"""Patterns of a project: recurring action items, length of sprints, completion."""

from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.logic.wording import counted
from domain_services.chronicle.schema import ProjectPatterns

# Action items in one answer.
MOST_COMMON = 20

# One row a project, kept by triggers in the transaction of each note
# (docs/adr/0030-project-history-row.md). Sums of no row are null, which means not known.
_FACTS = text(
    """
    SELECT coalesce(sum(report_count), 0) AS daily_scrum_count,
           coalesce(sum(finished_in_scrums), 0) AS total_tasks_completed_in_daily_scrums,
           coalesce(sum(named_sprint_count), 0) AS sprint_count,
           coalesce(sum(sprint_count), 0) AS retrospective_count,
           CAST(sum(mean_days) AS float8) AS avg_sprint_duration_days,
           CAST(sum(known_scope_finished) AS float8) / sum(known_scope_tasks) AS completion_rate,
           sum(known_scope_count) AS known_count
    FROM project_history WHERE project_id = :project_id
    """
)
# The most frequent spelling stands for all that mean the same.
_ACTION_ITEMS = text(
    """
    SELECT mode() WITHIN GROUP (ORDER BY btrim(description)) AS words, count(*) AS times
    FROM retrospective_action_items WHERE project_id = :project_id AND plain <> ''
    GROUP BY plain ORDER BY times DESC, words LIMIT :most_common
    """
)


async def find(connection: AsyncConnection, project_id: str) -> ProjectPatterns:
    """Find the project's patterns; without closed sprints most are null, with reasons."""
    values = {"project_id": project_id}
    facts = (await connection.execute(_FACTS, values)).one()
    items = await connection.execute(_ACTION_ITEMS, {**values, "most_common": MOST_COMMON})
    return ProjectPatterns(
        project_id=project_id,
        daily_scrum_count=facts.daily_scrum_count,
        retrospective_count=facts.retrospective_count,
        sprint_count=facts.sprint_count,
        total_tasks_completed_in_daily_scrums=facts.total_tasks_completed_in_daily_scrums,
        common_retrospective_action_items={row.words: row.times for row in items},
        avg_sprint_duration_days=facts.avg_sprint_duration_days,
        completion_rate=facts.completion_rate,
        patterns_analysis_summary=_describe(facts),
        reasons=_reasons(facts),
    )


def _reasons(facts: Row[Any]) -> dict[str, str]:
    reasons: dict[str, str] = {}
    if facts.avg_sprint_duration_days is None:
        reasons["avg_sprint_duration_days"] = "no closed sprint is recorded"
    if facts.completion_rate is None:
        reasons["completion_rate"] = (
            "no closed sprint is recorded"
            if facts.retrospective_count == 0
            else "of no closed sprint all tasks are known, only the finished ones"
        )
    return reasons


def _describe(facts: Row[Any]) -> str:
    closed = counted(facts.retrospective_count, "closed sprint")
    description = f"{closed}, {counted(facts.daily_scrum_count, 'daily scrum')}"
    if facts.avg_sprint_duration_days is not None:
        description += f"; a sprint lasts {facts.avg_sprint_duration_days:.1f} days on average"
    if facts.completion_rate is not None:
        share = f"{facts.completion_rate:.0%} of the tasks were finished"
        known = counted(facts.known_count, "sprint")
        description += f"; {share} in the {known} of which all tasks are known"
    return f"{description}."
