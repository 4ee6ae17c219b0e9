"""Tasks taken for a sprint and given back: all or nothing, the same answer when asked again."""

from collections.abc import Iterable

import orjson
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.backlog.logic import reading
from domain_services.backlog.models import tasks
from domain_services.backlog.schema import ReservationCreate
from domain_services.kernel.errors import Conflict, Invalid

# Whoever reserves or releases in a backlog waits here for the one before.
_LOCK = text("SELECT FROM backlogs WHERE project_id = :project_id FOR UPDATE")
_TAKE = text(
    """
    WITH taken AS (
        UPDATE tasks SET sprint_id = :sprint_id, status = 'assigned_to_sprint',
               version = version + 1, updated_at = now()
        WHERE project_id = :project_id AND status = 'unassigned' AND sprint_id IS NULL
          AND (CAST(:task_ids AS text[]) IS NULL OR task_id = ANY(:task_ids))
        RETURNING task_id, progress_percentage),
    recorded AS (
        INSERT INTO task_history (task_id, actor, from_status, to_status, progress)
        SELECT task_id, :actor, 'unassigned', 'assigned_to_sprint', progress_percentage FROM taken)
    SELECT task_id FROM taken
    """
)
# As the event of the same version does it, which then finds nothing left to do.
_RETURN = text(
    """
    WITH told AS (
        SELECT * FROM jsonb_to_recordset(CAST(:returned AS jsonb)) AS r(
            task_id text, progress_percentage integer, assigned_to text, version bigint,
            left_at timestamptz)),
    before AS (
        SELECT tasks.task_id, tasks.status, tasks.progress_percentage
        FROM tasks JOIN told USING (task_id)
        WHERE tasks.project_id = :project_id AND tasks.sprint_version < told.version
        FOR UPDATE OF tasks),
    changed AS (
        UPDATE tasks SET status = 'unassigned', sprint_id = NULL, assigned_to = told.assigned_to,
               progress_percentage = told.progress_percentage, sprint_version = told.version,
               version = greatest(tasks.version + 1, told.version), updated_at = now()
        FROM before JOIN told USING (task_id)
        WHERE tasks.task_id = before.task_id
        RETURNING tasks.task_id, before.status AS from_status, told.left_at,
                  before.progress_percentage AS from_progress, told.progress_percentage)
    INSERT INTO task_history (task_id, at, actor, from_status, to_status, progress)
    SELECT task_id, left_at, :actor, from_status, 'unassigned', progress_percentage FROM changed
    WHERE (from_status, from_progress) IS DISTINCT FROM ('unassigned', progress_percentage)
    """
)
_GIVE_BACK = text(
    """
    WITH held AS (
        SELECT task_id, status FROM tasks
        WHERE project_id = :project_id AND sprint_id = :sprint_id AND status <> 'completed'
        FOR UPDATE),
    released AS (
        UPDATE tasks SET sprint_id = NULL, status = 'unassigned',
               version = version + 1, updated_at = now()
        FROM held WHERE tasks.task_id = held.task_id
        RETURNING tasks.task_id, held.status AS from_status, progress_percentage),
    recorded AS (
        INSERT INTO task_history (task_id, actor, from_status, to_status, progress)
        SELECT task_id, :actor, from_status, 'unassigned', progress_percentage FROM released)
    SELECT count(*) FROM released
    """
)


class NoUnassignedTasks(Conflict):
    code = "no_unassigned_tasks"
    title = "No unassigned tasks"


async def reserve(
    connection: AsyncConnection,
    project_id: str,
    wanted: ReservationCreate,
    *,
    actor: str,
) -> str:
    """Give free tasks to a sprint: those named, or all; returns the JSON of a `Reservation`.

    A sprint that holds tasks already gets these again. Raises: `Conflict`, naming the tasks that
    are not free or unknown; `NoUnassignedTasks`; `Invalid` for another project's sprint.
    """
    sprint_id, task_ids = wanted.sprint_id, wanted.task_ids
    if sprint_id.rpartition("-S")[0] != project_id:
        raise Invalid(f"sprint_id: {sprint_id} is no sprint of {project_id}")
    reserving = {"project_id": project_id, "sprint_id": sprint_id}
    await connection.execute(_LOCK, reserving)
    if wanted.returned:
        rows = [each.model_dump(mode="json") for each in wanted.returned]
        returning = {"returned": orjson.dumps(rows).decode(), "actor": actor}
        await connection.execute(_RETURN, reserving | returning)
    held = select(tasks.c.task_id).where(
        tasks.c.project_id == project_id, tasks.c.sprint_id == sprint_id
    )
    had = set(await connection.scalars(held))
    if not had:
        taking = reserving | {"task_ids": task_ids, "actor": actor}
        had = set(await connection.scalars(_TAKE, taking))
    if missing := [each for each in task_ids or () if each not in had]:
        await _refuse(connection, project_id, missing)
    if not had:
        raise NoUnassignedTasks(f"{project_id} has no unassigned task", project_id=project_id)
    return await reading.of_sprint(connection, project_id, sprint_id)


async def release(
    connection: AsyncConnection, project_id: str, sprint_id: str, *, actor: str
) -> int:
    """Take back what a sprint holds and has not completed; returns how many tasks."""
    releasing = {"project_id": project_id, "sprint_id": sprint_id, "actor": actor}
    await connection.execute(_LOCK, releasing)
    return (await connection.execute(_GIVE_BACK, releasing)).scalar_one()


async def _refuse(connection: AsyncConnection, project_id: str, missing: Iterable[str]) -> None:
    found = await connection.execute(
        select(tasks.c.task_id, tasks.c.status, tasks.c.sprint_id).where(
            tasks.c.project_id == project_id, tasks.c.task_id.in_(missing)
        )
    )
    reasons = {
        row.task_id: f"is {row.status}" + (f" in {row.sprint_id}" if row.sprint_id else "")
        for row in found
    }
    errors = [
        {"task_id": each, "message": reasons.get(each, f"is no task of {project_id}")}
        for each in missing
    ]
    named = ", ".join(f"{each['task_id']} {each['message']}" for each in errors)
    raise Conflict(f"nothing was reserved: {named}", errors=errors)
