"""Impediments of a project: their frequency, and the status of the action items to remove them."""

from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.logic.wording import counted
from domain_services.chronicle.schema import ProjectImpediments

# Texts in one answer; more are no longer read.
MOST_FREQUENT = 100

# docs/adr/0034-impediment-action-items.md
# Reported texts are counted before they are normalised, which costs more than counting. An
# impediment to be removed was reported: its action item adds a status, and no second occurrence.
_COUNT = text(
    """
    WITH reported AS MATERIALIZED (
        SELECT btrim(words) AS words, count(*) AS times
        FROM chronicle_notes, jsonb_array_elements_text(impediments) AS words
        WHERE project_id = :project_id AND impediment_count > 0
          AND (CAST(:until AS date) IS NULL OR note_date <= :until) GROUP BY 1),
    mentions AS (
        SELECT plain_words(words) AS plain, words, NULL AS status, times, times AS reported,
               0 AS items
        FROM reported
        UNION ALL
        SELECT CASE WHEN impediment IS NULL THEN plain ELSE plain_words(impediment) END,
               btrim(coalesce(impediment, description)), status,
               count(*) FILTER (WHERE impediment IS NULL), 0, count(*)
        FROM retrospective_action_items
        WHERE project_id = :project_id AND task_id IS NULL
          AND (CAST(:until AS date) IS NULL OR retrospective_id IN (
              SELECT id FROM sprint_retrospectives
              WHERE project_id = :project_id AND last_day < :until))
        GROUP BY 1, 2, 3),
    spellings AS (
        SELECT plain, words, sum(times) AS times, sum(reported) AS reported, sum(items) AS items
        FROM mentions WHERE plain <> '' GROUP BY plain, words),
    counted AS (
        SELECT plain, (array_agg(words ORDER BY times DESC, words))[1] AS words,
               CAST(coalesce(nullif(sum(times), 0), sum(items)) AS bigint) AS times,
               sum(reported) AS reported, sum(items) AS items
        FROM spellings GROUP BY plain),
    statuses AS (
        SELECT plain, jsonb_object_agg(status, items) AS by_status
        FROM (SELECT plain, status, sum(items) AS items
              FROM mentions WHERE status IS NOT NULL GROUP BY plain, status) AS by_pair
        GROUP BY plain)
    SELECT words, times, by_status, count(*) OVER () AS texts,
           CAST(sum(reported) OVER () AS bigint) AS reported,
           CAST(sum(items) OVER () AS bigint) AS items
    FROM counted LEFT JOIN statuses USING (plain)
    ORDER BY times DESC, words LIMIT :most_frequent
    """
)


# The newest report on a task says whether something is in its way. When the sprint is closed, the
# action items of its retrospective say so.
_OPEN = text(
    """
    WITH running AS MATERIALIZED (
        SELECT * FROM chronicle_notes n
        WHERE project_id = :project_id AND note_type = 'daily_scrum_report'
          AND (CAST(:until AS date) IS NULL OR note_date <= :until)
          AND NOT EXISTS (SELECT FROM sprint_retrospectives r
                          WHERE r.sprint_id = n.sprint_id
                            AND (CAST(:until AS date) IS NULL OR r.last_day < :until))),
    newest AS (
        SELECT DISTINCT ON (sprint_id, task ->> 'id') note_date,
               btrim(task ->> 'impediments') AS words,
               impediments @> jsonb_build_array(task -> 'impediments') AS is_open
        FROM running, jsonb_each(additional_data -> 'reports') AS days(day, people),
             jsonb_array_elements(people) AS person,
             jsonb_array_elements(person -> 'tasks') AS task
        WHERE EXISTS (SELECT FROM running WHERE impediment_count > 0)
        ORDER BY sprint_id, task ->> 'id', day DESC, note_date DESC, is_open DESC),
    open AS (
        SELECT words, note_date AS day FROM newest WHERE is_open
        UNION ALL
        SELECT btrim(coalesce(impediment, description)), r.last_day
        FROM retrospective_action_items i JOIN sprint_retrospectives r ON r.id = i.retrospective_id
        WHERE i.project_id = :project_id AND i.status = 'open' AND i.task_id IS NULL
          AND (CAST(:until AS date) IS NULL OR r.last_day < :until))
    SELECT (array_agg(words ORDER BY day DESC, words))[1] AS words
    FROM open WHERE plain_words(words) <> '' GROUP BY plain_words(words)
    ORDER BY max(day) DESC, words LIMIT :most_frequent
    """
)


async def count(
    connection: AsyncConnection, project_id: str, until: date | None = None
) -> ProjectImpediments:
    """Count the 100 most frequent impediments of the project, and name those that are open.

    `until` leaves out later reports, and the retrospectives of sprints that ended on that day or
    later. An action item counts as the impediment that it removes, or as its own text. One that
    decides about a task is not counted.
    """
    values = {"project_id": project_id, "most_frequent": MOST_FREQUENT, "until": until}
    rows = (await connection.execute(_COUNT, values)).all()
    if not rows:
        summary = "No impediment and no action item is recorded."
    else:
        summary = (
            f"{counted(rows[0].reported, 'impediment')} in daily reports and "
            f"{counted(rows[0].items, 'action item')} name "
            f"{counted(rows[0].texts, 'different thing')}; the most frequent, {rows[0].words!r}, "
            f"is named {counted(rows[0].times, 'time')}."
        )
    return ProjectImpediments(
        project_id=project_id,
        impediment_frequency={row.words: row.times for row in rows},
        impediment_status_counts={row.words: row.by_status for row in rows if row.by_status},
        impediment_analysis_summary=summary,
        open_impediments=list(await connection.scalars(_OPEN, values)),
    )
