"""What was in the way of a project, how often, and what became of it."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.logic.wording import counted
from domain_services.chronicle.schema import ProjectImpediments

MOST_FREQUENT = 100

# Reported texts are counted before they are normalised, which costs more than counting.
_COUNT = text(
    """
    WITH reported AS MATERIALIZED (
        SELECT btrim(words) AS words, count(*) AS times
        FROM chronicle_notes, jsonb_array_elements_text(impediments) AS words
        WHERE project_id = :project_id AND impediment_count > 0 GROUP BY 1),
    said AS (
        SELECT plain_words(words) AS plain, words, NULL AS status, times FROM reported
        UNION ALL
        SELECT plain, btrim(description), status, count(*) FROM retrospective_action_items
        WHERE project_id = :project_id AND plain <> '' GROUP BY 1, 2, 3),
    spellings AS (
        SELECT plain, words, sum(times) AS times,
               coalesce(sum(times) FILTER (WHERE status IS NULL), 0) AS reported
        FROM said GROUP BY plain, words),
    counted AS (
        SELECT plain, (array_agg(words ORDER BY times DESC, words))[1] AS words,
               CAST(sum(times) AS bigint) AS times, sum(reported) AS reported
        FROM spellings GROUP BY plain),
    statuses AS (
        SELECT plain, jsonb_object_agg(status, times) AS by_status
        FROM (SELECT plain, status, sum(times) AS times
              FROM said WHERE status IS NOT NULL GROUP BY plain, status) AS each
        GROUP BY plain)
    SELECT words, times, by_status, count(*) OVER () AS texts,
           CAST(sum(reported) OVER () AS bigint) AS reported,
           CAST(sum(times - reported) OVER () AS bigint) AS items
    FROM counted LEFT JOIN statuses USING (plain)
    ORDER BY times DESC, words LIMIT :most_frequent
    """
)


async def count(connection: AsyncConnection, project_id: str) -> ProjectImpediments:
    """The 100 most frequent impediments and action items of the project."""
    values = {"project_id": project_id, "most_frequent": MOST_FREQUENT}
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
