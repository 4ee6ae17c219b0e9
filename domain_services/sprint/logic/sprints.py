"""Reads of sprints and their tasks."""

from collections import Counter
from typing import Any

from sqlalchemy import Integer, Select, Text, case, cast, exists, func, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel.database.database import Database
from domain_services.kernel.errors import NotFound
from domain_services.sprint.models import sprint_tasks, sprints
from domain_services.sprint.schema import (
    Sprint,
    SprintStatus,
    SprintSummary,
    SprintTask,
    TaskSummary,
)

# A sprint that never started is shown only by its id or status.
_STARTED = sprints.c.status.not_in(("planned", "cancelled"))

# Two probes of an index, however many entries a sprint has.
PROGRESS_SOURCE = """
    CASE WHEN EXISTS (SELECT FROM progress_history AS h
                      WHERE h.sprint_id = sprints.id AND h.source = 'simulated') THEN 'simulated'
         WHEN EXISTS (SELECT FROM progress_history AS h WHERE h.sprint_id = sprints.id)
         THEN 'reported' ELSE 'none' END
"""
_LIST = text(
    f"""
    SELECT sprints.*, total_tasks, completed_tasks, progress, total_points, completed_points,
           {PROGRESS_SOURCE} AS progress_source
    FROM sprints CROSS JOIN LATERAL (
        SELECT count(*) AS total_tasks, round(avg(progress_percentage), 1) AS progress,
               count(*) FILTER (WHERE status = 'completed') AS completed_tasks,
               sum(estimate) AS total_points,
               sum(estimate * CAST(status = 'completed' AS integer)) AS completed_points
        FROM sprint_tasks WHERE sprint_id = sprints.id) AS tasks
    WHERE project_id = :project_id
      AND CASE WHEN CAST(:status AS text) IS NULL THEN status NOT IN ('planned', 'cancelled')
               ELSE status = :status END
    ORDER BY number DESC LIMIT :limit
    """  # noqa: S608 - constants of this file
)


async def get(connection: AsyncConnection, sprint_id: str) -> Sprint:
    """Read a sprint with its tasks. Raises: `NotFound`."""
    row = (await connection.execute(_summaries().where(sprints.c.id == sprint_id))).first()
    if row is None:
        raise _unknown(sprint_id)
    return Sprint(**_summary(row).model_dump(), tasks=await _tasks_of(connection, sprint_id))


async def list_of(
    database: Database, project_id: str, status: SprintStatus | None, limit: int
) -> list[SprintSummary]:
    """List the project's sprints, newest first; without `status`, those that have started."""
    values = {"project_id": project_id, "status": status, "limit": limit}
    return [_summary(row) for row in await database.rows(_LIST, values)]


async def find_active(connection: AsyncConnection, project_id: str | None) -> str:
    """Find the sprint in progress of a project, or the oldest of all. Raises: `NotFound`."""
    query = select(sprints.c.id).where(sprints.c.status == "in_progress")
    if project_id is not None:
        query = query.where(sprints.c.project_id == project_id)
    sprint_id = await connection.scalar(query.order_by(sprints.c.created_at, sprints.c.id).limit(1))
    if sprint_id is None:
        raise NotFound("no sprint is in progress", project_id=project_id)
    return sprint_id


async def list_projects(connection: AsyncConnection) -> list[str]:
    """List the projects that have started a sprint, by id."""
    query = select(sprints.c.project_id).where(_STARTED).distinct()
    return list(await connection.scalars(query.order_by(sprints.c.project_id)))


async def list_tasks(connection: AsyncConnection, sprint_id: str) -> list[SprintTask]:
    """List the sprint's tasks by id. Raises: `NotFound`."""
    if await connection.scalar(select(sprints.c.id).where(sprints.c.id == sprint_id)) is None:
        raise _unknown(sprint_id)
    return await _tasks_of(connection, sprint_id)


async def list_released(connection: AsyncConnection, project_id: str) -> list[SprintTask]:
    """List the unfinished tasks of a project's last sprint that ended, as it released them."""
    # Earlier sprints' tasks came back with the reservations of the sprints after them
    # (docs/adr/0048-reservation-brings-open-tasks.md).
    last = (
        select(sprints.c.id)
        .where(sprints.c.project_id == project_id, sprints.c.closed_at.is_not(None))
        # A cancelled sprint that never started has no tasks.
        .where(exists().where(sprint_tasks.c.sprint_id == sprints.c.id))
        .order_by(sprints.c.number.desc())
        .limit(1)
    )
    of_last = sprint_tasks.c.sprint_id == last.scalar_subquery()
    query = select(sprint_tasks).where(of_last, sprint_tasks.c.status != "completed")
    rows = await connection.execute(query.order_by(sprint_tasks.c.task_id))
    return [SprintTask.model_validate(row, from_attributes=True) for row in rows]


async def summarise(connection: AsyncConnection, sprint_id: str) -> TaskSummary:
    """Count a sprint's tasks by status. Raises: `NotFound`."""
    sprint = await get(connection, sprint_id)
    return TaskSummary(
        sprint_id=sprint_id,
        total_tasks=sprint.total_tasks,
        status_counts=dict(Counter(task.status for task in sprint.tasks)),
        completed_tasks=sprint.completed_tasks,
        pending_tasks=sprint.pending_tasks,
        progress_percentage=sprint.progress_percentage,
        total_points=sprint.total_points,
        completed_points=sprint.completed_points,
    )


async def _tasks_of(connection: AsyncConnection, sprint_id: str) -> list[SprintTask]:
    query = select(sprint_tasks).where(sprint_tasks.c.sprint_id == sprint_id)
    rows = await connection.execute(query.order_by(sprint_tasks.c.task_id))
    return [SprintTask.model_validate(row, from_attributes=True) for row in rows]


def _summaries() -> Select[Any]:
    of_sprint = sprint_tasks.c.sprint_id == sprints.c.id
    is_completed = sprint_tasks.c.status == "completed"
    completed = func.count(case((is_completed, 1)))
    # Null when no task is estimated, 0 when none of the estimated ones is completed.
    completed_points = func.sum(sprint_tasks.c.estimate * cast(is_completed, Integer))
    return (
        select(
            sprints,
            func.count(sprint_tasks.c.task_id).label("total_tasks"),
            completed.label("completed_tasks"),
            func.round(func.avg(sprint_tasks.c.progress_percentage), 1).label("progress"),
            func.sum(sprint_tasks.c.estimate).label("total_points"),
            completed_points.label("completed_points"),
            literal_column(PROGRESS_SOURCE, Text).label("progress_source"),
        )
        .select_from(sprints.outerjoin(sprint_tasks, of_sprint))
        .group_by(sprints.c.id)
    )


def _summary(row: Any) -> SprintSummary:
    return SprintSummary(
        sprint_id=row.id,
        project_id=row.project_id,
        sprint_name=row.name,
        sprint_goal=row.goal,
        status=row.status,
        start_date=row.start_date,
        end_date=row.end_date,
        duration_weeks=row.duration_weeks,
        requested_by=row.requested_by,
        created_at=row.created_at,
        closed_at=row.closed_at,
        total_tasks=row.total_tasks,
        completed_tasks=row.completed_tasks,
        pending_tasks=row.total_tasks - row.completed_tasks,
        progress_percentage=None if row.progress is None else float(row.progress),
        total_points=row.total_points,
        completed_points=row.completed_points,
        progress_source=row.progress_source,
        worked=row.worked,
        ended_on=row.ended_on,
        completed_outside=row.completed_outside,
        completed_arrived=row.completed_arrived,
    )


def _unknown(sprint_id: str) -> NotFound:
    return NotFound(f"there is no sprint {sprint_id}", sprint_id=sprint_id)
