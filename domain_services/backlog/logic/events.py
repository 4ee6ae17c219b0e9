"""Handlers of the sprint service's events: the backlog's copy of tasks in sprints."""

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.backlog.schema import TaskStatus
from domain_services.events import TaskUpdated
from domain_services.kernel.messaging.envelope import Envelope
from domain_services.kernel.messaging.inbox import Handler

# The sprint service counts on from the version it reserved: ours never falls behind its own, or
# the first events of a task's next sprint would look old.
# A released task that is completed stays listed in its sprint: `sprint_id` is kept.
_APPLY = text(
    """
    WITH before AS (
        SELECT task_id, status, progress_percentage FROM tasks
        WHERE task_id = :task_id AND project_id = :project_id FOR UPDATE),
    changed AS (
        UPDATE tasks SET status = :status, progress_percentage = :progress_percentage,
               sprint_id = CASE WHEN :status = 'completed'
                                THEN coalesce(:sprint_id, tasks.sprint_id) ELSE :sprint_id END,
               assigned_to = :assigned_to,
               finished_on = CASE WHEN :status = 'completed'
                                  THEN coalesce(CAST(:finished_on AS date), tasks.finished_on) END,
               sprint_version = :version, version = greatest(tasks.version + 1, :version),
               updated_at = now()
        FROM before
        WHERE tasks.task_id = before.task_id AND tasks.sprint_version < :version
        RETURNING tasks.task_id, before.status AS from_status, tasks.status AS to_status,
                  before.progress_percentage AS from_progress, tasks.progress_percentage),
    recorded AS (
        INSERT INTO task_history (task_id, at, actor, from_status, to_status, progress)
        SELECT task_id, :updated_at, :actor, from_status, to_status, progress_percentage
        FROM changed
        WHERE (from_status, from_progress) IS DISTINCT FROM (to_status, progress_percentage))
    SELECT count(*) FROM before
    """
)
# Only of the version that was applied last. A task that was opened again after an earlier release
# is not completed any more, or is in no sprint: a repeated release does not touch it.
_RELEASE_COMPLETED = text(
    """
    UPDATE tasks SET ended_sprint_id = sprint_id
    WHERE task_id = :task_id AND sprint_version = :version AND status = 'completed'
    """
)


async def apply_task_updated(connection: AsyncConnection, event: Envelope) -> None:
    """Apply the sprint service's state of a task if it is newer than the last one applied.

    Raises: `LookupError` for an unknown task.
    """
    update = TaskUpdated.model_validate(event.event_data)
    status = _status(update)
    values = update.model_dump() | {"status": status, "actor": event.metadata.source_service}
    if not (await connection.execute(_APPLY, values)).scalar_one():
        raise LookupError(f"there is no task {update.task_id} in {update.project_id}")
    if update.sprint_id is None and status == "completed":
        release = {"task_id": update.task_id, "version": update.version}
        await connection.execute(_RELEASE_COMPLETED, release)


def _status(update: TaskUpdated) -> TaskStatus:
    """Return the backlog's status: `unassigned` out of a sprint unless done, and never in one."""
    if update.sprint_id is None:
        return "completed" if update.status == "completed" else "unassigned"
    return "assigned_to_sprint" if update.status == "unassigned" else update.status


HANDLERS: Mapping[str, Handler] = {TaskUpdated.event_type: apply_task_updated}
