"""What was in the way of a project, how often, and what became of it."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.logic.wording import counted
from domain_services.chronicle.schema import ProjectImpediments
from domain_services.chronicle.schema_action_items import DECIDE_ABOUT, REMOVE_IMPEDIMENT

MOST_FREQUENT = 100
_DECISION = f"^{DECIDE_ABOUT}[A-Z0-9_-]+-TASK[0-9]+, left at [0-9]+ %$"

# Reported texts are counted before they are normalised, which costs more than counting. What is
# to be removed was reported: its action item tells the status and is not counted once more.
_COUNT = text(
    """
    WITH reported AS MATERIALIZED (
        SELECT btrim(words) AS words, count(*) AS times
        FROM chronicle_notes, jsonb_array_elements_text(impediments) AS words
        WHERE project_id = :project_id AND impediment_count > 0 GROUP BY 1),
    said AS (
        SELECT plain_words(words) AS plain, words, NULL AS status, times, times AS reported,
               0 AS items
        FROM reported
        UNION ALL
        SELECT plain, btrim(description), status, count(*), 0, count(*)
        FROM retrospective_action_items
        WHERE project_id = :project_id AND NOT starts_with(description, :remove_impediment)
          AND description !~ :decision
        GROUP BY 1, 2, 3
        UNION ALL
        SELECT plain_words(words), words, status, 0, 0, count(*)
        FROM (SELECT status,
                     btrim(substr(description, 1 + length(:remove_impediment))) AS words
              FROM retrospective_action_items
              WHERE project_id = :project_id AND starts_with(description, :remove_impediment)
             ) AS removals
        GROUP BY 1, 2, 3),
    spellings AS (
        SELECT plain, words, sum(times) AS times, sum(reported) AS reported, sum(items) AS items
        FROM said WHERE plain <> '' GROUP BY plain, words),
    counted AS (
        SELECT plain, (array_agg(words ORDER BY times DESC, words))[1] AS words,
               CAST(coalesce(nullif(sum(times), 0), sum(items)) AS bigint) AS times,
               sum(reported) AS reported, sum(items) AS items
        FROM spellings GROUP BY plain),
    statuses AS (
        SELECT plain, jsonb_object_agg(status, items) AS by_status
        FROM (SELECT plain, status, sum(items) AS items
              FROM said WHERE status IS NOT NULL GROUP BY plain, status) AS each
        GROUP BY plain)
    SELECT words, times, by_status, count(*) OVER () AS texts,
           CAST(sum(reported) OVER () AS bigint) AS reported,
           CAST(sum(items) OVER () AS bigint) AS items
    FROM counted LEFT JOIN statuses USING (plain)
    ORDER BY times DESC, words LIMIT :most_frequent
    """
)


async def count(connection: AsyncConnection, project_id: str) -> ProjectImpediments:
    """The 100 most frequent impediments of the project.

    An action item is one with the impediment that it is about, or stands for itself; what is to be
    decided about a task is none.
    """
    values = {
        "project_id": project_id,
        "most_frequent": MOST_FREQUENT,
        "remove_impediment": REMOVE_IMPEDIMENT,
        "decision": _DECISION,
    }
    rows = (await connection.execute(_COUNT, values)).all()
    if not rows:
        told = "No impediment and no action item is recorded."
    else:
        told = (
            f"{counted(rows[0].reported, 'impediment')} in daily reports and "
            f"{counted(rows[0].items, 'action item')} name "
            f"{counted(rows[0].texts, 'different thing')}; the most frequent, {rows[0].words!r}, "
            f"is named {counted(rows[0].times, 'time')}."
        )
    return ProjectImpediments(
        project_id=project_id,
        impediment_frequency={row.words: row.times for row in rows},
        impediment_status_counts={row.words: row.by_status for row in rows if row.by_status},
        impediment_analysis_summary=told,
    )
