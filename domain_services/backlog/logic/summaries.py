"""Summaries of backlogs, counted in SQL."""

from datetime import date
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.backlog.schema import STATUSES, BacklogSummary, FinishedOutside
from domain_services.kernel.database.database import Database

_COUNTS = ", ".join(
    f"count(*) FILTER (WHERE status = '{status}') AS {status}" for status in STATUSES
)
_SELECT = f"""
    SELECT project_id, count(*) AS total_tasks, {_COUNTS},
           count(*) FILTER (WHERE status = 'unassigned' AND sprint_id IS NULL) AS free,
           round(avg(progress_percentage), 1)::float AS average_progress,
           (SELECT json_object_agg(source_sprint, open)::text FROM (
                SELECT source_sprint, count(*) AS open FROM tasks AS held
                WHERE held.project_id = tasks.project_id AND in_source_sprint
                GROUP BY source_sprint ORDER BY source_sprint) AS sprint) AS source_sprints
    FROM tasks
"""  # noqa: S608 - constants of the schema
_OF_ALL = text(f"{_SELECT} GROUP BY project_id ORDER BY project_id")
_OF_ONE = text(f"{_SELECT} WHERE project_id = :project_id GROUP BY project_id")


# A completed task keeps the sprint that completed it.
_FINISHED_OUTSIDE = text(
    """
    SELECT count(*) AS tasks,
           count(*) FILTER (WHERE coalesce(created_on, (created_at AT TIME ZONE 'UTC')::date)
                                  >= :start) AS arrived,
           EXISTS (SELECT FROM backlogs WHERE project_id = :project_id) AS known
    FROM tasks
    WHERE project_id = :project_id AND finished_on BETWEEN :start AND :end AND sprint_id IS NULL
    """
)


async def of_all(connection: AsyncConnection) -> list[BacklogSummary]:
    """Summarise every project that has tasks, by project id."""
    return [_summary(row) for row in await connection.execute(_OF_ALL)]


async def of_one(database: Database, project_id: str) -> BacklogSummary | None:
    """Summarise a project; None when it has no task."""
    rows = await database.rows(_OF_ONE, {"project_id": project_id})
    return _summary(rows[0]) if rows else None


async def finished_outside(
    database: Database, project_id: str, start: date, end: date
) -> tuple[FinishedOutside, bool]:
    """Count the tasks that were finished from `start` to `end` while no sprint held them.

    Returns the counts, and whether the project has any task.
    """
    values = {"project_id": project_id, "start": start, "end": end}
    (row,) = await database.rows(_FINISHED_OUTSIDE, values)
    counts = FinishedOutside(
        project_id=project_id,
        start_date=start,
        end_date=end,
        tasks=row.tasks,
        arrived=row.arrived,
    )
    return counts, row.known


def empty(project_id: str) -> BacklogSummary:
    """Make the summary of a project without tasks."""
    return BacklogSummary(
        project_id=project_id,
        total_tasks=0,
        status_counts=dict.fromkeys(STATUSES, 0),
        unassigned_tasks=0,
        average_progress=None,
    )


def _summary(row: Any) -> BacklogSummary:
    return BacklogSummary(
        project_id=row.project_id,
        total_tasks=row.total_tasks,
        status_counts={status: getattr(row, status) for status in STATUSES},
        unassigned_tasks=row.free,
        average_progress=row.average_progress,
        source_sprints=orjson.loads(row.source_sprints or "{}"),
    )
