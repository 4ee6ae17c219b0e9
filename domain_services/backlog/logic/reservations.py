"""Reservations of tasks for a sprint: all or nothing, with the same answer when repeated."""

from collections.abc import Iterable

import orjson
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.backlog.held_tasks import TASKS_DIGEST
from domain_services.backlog.logic import reading
from domain_services.backlog.models import tasks
from domain_services.backlog.schema import HeldTasks, ReservationCreate
from domain_services.kernel.database.database import Database
from domain_services.kernel.errors import Conflict, Invalid

# Reservations and releases of one backlog run one after the other.
_LOCK = text("SELECT FROM backlogs WHERE project_id = :project_id FOR UPDATE")
_RESERVE = text(
    """
    WITH reserved AS (
        UPDATE tasks SET sprint_id = :sprint_id, status = 'assigned_to_sprint',
               version = version + 1, updated_at = now()
        WHERE project_id = :project_id AND status = 'unassigned' AND sprint_id IS NULL
          AND (CAST(:task_ids AS text[]) IS NULL OR task_id = ANY(:task_ids))
        RETURNING task_id, progress_percentage),
    recorded AS (
        INSERT INTO task_history (task_id, actor, from_status, to_status, progress)
        SELECT task_id, :actor, 'unassigned', 'assigned_to_sprint', progress_percentage
        FROM reserved)
    SELECT task_id FROM reserved
    """
)
# The same effect as the event of the same version, which then finds the task up to date
# (docs/adr/0048-reservation-brings-open-tasks.md).
_RETURN = text(
    """
    WITH returned AS (
        SELECT * FROM jsonb_to_recordset(CAST(:returned AS jsonb)) AS r(
            task_id text, progress_percentage integer, assigned_to text, version bigint,
            left_at timestamptz)),
    before AS (
        SELECT tasks.task_id, tasks.status, tasks.progress_percentage
        FROM tasks JOIN returned USING (task_id)
        WHERE tasks.project_id = :project_id AND tasks.sprint_version < returned.version
        FOR UPDATE OF tasks),
    changed AS (
        UPDATE tasks SET status = 'unassigned', sprint_id = NULL,
               assigned_to = returned.assigned_to,
               progress_percentage = returned.progress_percentage, finished_on = NULL,
               sprint_version = returned.version,
               version = greatest(tasks.version + 1, returned.version), updated_at = now()
        FROM before JOIN returned USING (task_id)
        WHERE tasks.task_id = before.task_id
        RETURNING tasks.task_id, before.status AS from_status, returned.left_at,
                  before.progress_percentage AS from_progress, returned.progress_percentage)
    INSERT INTO task_history (task_id, at, actor, from_status, to_status, progress)
    SELECT task_id, left_at, :actor, from_status, 'unassigned', progress_percentage FROM changed
    WHERE (from_status, from_progress) IS DISTINCT FROM ('unassigned', progress_percentage)
    """
)
# A completed task stays listed in the sprint, and may be changed again.
_RELEASE = text(
    """
    WITH ended AS (
        UPDATE tasks SET ended_sprint_id = sprint_id
        WHERE project_id = :project_id AND sprint_id = :sprint_id AND status = 'completed'),
    unfinished AS (
        SELECT task_id, status FROM tasks
        WHERE project_id = :project_id AND sprint_id = :sprint_id AND status <> 'completed'
        FOR UPDATE),
    released AS (
        UPDATE tasks SET sprint_id = NULL, status = 'unassigned',
               version = version + 1, updated_at = now()
        FROM unfinished WHERE tasks.task_id = unfinished.task_id
        RETURNING tasks.task_id, unfinished.status AS from_status, progress_percentage),
    recorded AS (
        INSERT INTO task_history (task_id, actor, from_status, to_status, progress)
        SELECT task_id, :actor, from_status, 'unassigned', progress_percentage FROM released)
    SELECT count(*) FROM released
    """
)
# By the index `tasks_held`, which has no task of an ended sprint.
_HELD = text(
    f"""
    SELECT project_id, sprint_id, count(*) AS tasks, {TASKS_DIGEST} AS digest
    FROM tasks
    WHERE sprint_id IS NOT NULL AND sprint_id IS DISTINCT FROM ended_sprint_id
      AND sprint_id COLLATE "C" > :after
    GROUP BY project_id, sprint_id ORDER BY sprint_id COLLATE "C" LIMIT :limit
    """  # noqa: S608 - a constant of this service
)


class NoUnassignedTasks(Conflict):
    code = "no_unassigned_tasks"
    title = "No task is free to be planned"


async def reserve(
    connection: AsyncConnection,
    project_id: str,
    request: ReservationCreate,
    *,
    actor: str,
) -> str:
    """Reserve free tasks for a sprint: the named ones, or all; returns a `Reservation` as JSON.

    A sprint that holds tasks already gets these again. Raises: `Conflict`, naming the tasks that
    are unknown or not free; `NoUnassignedTasks`; `Invalid` for another project's sprint.
    """
    sprint_id, task_ids = request.sprint_id, request.task_ids
    # From the right: the id of a project may contain "-S" as well.
    if sprint_id.rpartition("-S")[0] != project_id:
        raise Invalid(f"sprint_id: {sprint_id} is no sprint of {project_id}")
    values = {"project_id": project_id, "sprint_id": sprint_id}
    await connection.execute(_LOCK, values)
    # First, so that the new sprint may take these tasks again
    # (docs/adr/0048-reservation-brings-open-tasks.md).
    if request.returned:
        rows = [task.model_dump(mode="json") for task in request.returned]
        returned = {"returned": orjson.dumps(rows).decode(), "actor": actor}
        await connection.execute(_RETURN, values | returned)
    of_sprint = select(tasks.c.task_id).where(
        tasks.c.project_id == project_id, tasks.c.sprint_id == sprint_id
    )
    reserved = set(await connection.scalars(of_sprint))
    # A repeated call, after a lost answer, must not take what has become free meanwhile.
    if not reserved:
        new = values | {"task_ids": task_ids, "actor": actor}
        reserved = set(await connection.scalars(_RESERVE, new))
    if missing := [task_id for task_id in task_ids or () if task_id not in reserved]:
        await _refuse(connection, project_id, missing)
    if not reserved:
        raise NoUnassignedTasks(
            f"{project_id} has no task that is free to be planned", project_id=project_id
        )
    return await reading.of_sprint(connection, project_id, sprint_id)


async def release(
    connection: AsyncConnection, project_id: str, sprint_id: str, *, actor: str
) -> int:
    """Release a sprint's tasks to the backlog; returns the count of unfinished ones."""
    values = {"project_id": project_id, "sprint_id": sprint_id, "actor": actor}
    await connection.execute(_LOCK, values)
    return (await connection.execute(_RELEASE, values)).scalar_one()


async def list_held(database: Database, after: str, limit: int) -> list[HeldTasks]:
    """List the sprints that hold tasks, by id in the order of its characters, from `after` on."""
    rows = await database.rows(_HELD, {"after": after, "limit": limit})
    return [HeldTasks.model_validate(row, from_attributes=True) for row in rows]


async def _refuse(connection: AsyncConnection, project_id: str, missing: Iterable[str]) -> None:
    rows = await connection.execute(
        select(tasks.c.task_id, tasks.c.status, tasks.c.sprint_id).where(
            tasks.c.project_id == project_id, tasks.c.task_id.in_(missing)
        )
    )
    reasons = {
        row.task_id: f"is {row.status}" + (f" in {row.sprint_id}" if row.sprint_id else "")
        for row in rows
    }
    errors = [
        {"task_id": task_id, "message": reasons.get(task_id, f"is no task of {project_id}")}
        for task_id in missing
    ]
    detail = ", ".join(f"{error['task_id']} {error['message']}" for error in errors)
    raise Conflict(f"nothing was reserved: {detail}", errors=errors)
