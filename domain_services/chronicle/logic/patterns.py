"""Patterns of a project: recurring action items, length of sprints, completion."""

from datetime import date
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.logic.wording import counted, nothing_recorded
from domain_services.chronicle.schema import ProjectPatterns

# Action items in one answer.
MOST_COMMON = 20

# Sums of no row are null, which means not known.
_FACTS = """
    SELECT coalesce(sum(report_count), 0) AS daily_scrum_count,
           coalesce(sum(finished_in_scrums), 0) AS total_tasks_completed_in_daily_scrums,
           coalesce(sum(named_sprint_count), 0) AS sprint_count,
           coalesce(sum(retrospective_count), 0) AS retrospective_count,
           CAST(sum(mean_days) AS float8) AS avg_sprint_duration_days,
           CAST(sum(known_scope_finished) AS float8) / sum(known_scope_tasks) AS completion_rate,
           sum(known_scope_count) AS known_count
    FROM {history} WHERE project_id = :project_id
    """
# One row a project, kept by triggers in the transaction of each note
# (docs/adr/0030-project-history-row.md). The history before a day is computed from the notes.
_OF_ALL_NOTES = text(_FACTS.format(history="project_history"))
_BEFORE_A_DAY = text(_FACTS.format(history="history_of(:project_id, :until)"))
# The most frequent spelling stands for all that mean the same.
_ACTION_ITEMS = text(
    """
    SELECT mode() WITHIN GROUP (ORDER BY btrim(description)) AS words, count(*) AS times
    FROM retrospective_action_items
    WHERE project_id = :project_id AND plain <> ''
      AND (CAST(:until AS date) IS NULL OR retrospective_id IN (
          SELECT id FROM sprint_retrospectives
          WHERE project_id = :project_id AND last_day < :until))
    GROUP BY plain ORDER BY times DESC, words LIMIT :most_common
    """
)


async def find(
    connection: AsyncConnection, project_id: str, until: date | None = None
) -> ProjectPatterns:
    """Find the project's patterns; without worked sprints most are null, with reasons.

    `until` leaves out what ended on that day or later.
    """
    values = {"project_id": project_id, "until": until}
    statement = _OF_ALL_NOTES if until is None else _BEFORE_A_DAY
    facts = (await connection.execute(statement, values)).one()
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
        reasons=_reasons(facts, until),
    )


def _reasons(facts: Row[Any], until: date | None) -> dict[str, str]:
    reasons: dict[str, str] = {}
    nothing = (
        "no worked sprint is recorded" if facts.retrospective_count else nothing_recorded(until)
    )
    if facts.avg_sprint_duration_days is None:
        reasons["avg_sprint_duration_days"] = nothing
    if facts.completion_rate is None:
        reasons["completion_rate"] = (
            nothing
            if facts.avg_sprint_duration_days is None
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
