"""What the sprint service says of tasks in sprints."""

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.backlog.schema import TaskStatus
from domain_services.kernel.messaging.envelope import Envelope
from domain_services.kernel.messaging.inbox import Handler
from domain_services.sprint.schema import TaskUpdated

# The sprint service counts on from the version it reserved: ours never falls behind its own, or
# the first events of a task's next sprint would look old.
_APPLY = text(
    """
    WITH before AS (
        SELECT task_id, status, progress_percentage FROM tasks
        WHERE task_id = :task_id AND project_id = :project_id FOR UPDATE),
    changed AS (
        UPDATE tasks SET status = :status, progress_percentage = :progress_percentage,
               sprint_id = :sprint_id, assigned_to = :assigned_to,
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


async def apply_task_updated(connection: AsyncConnection, event: Envelope) -> None:
    """Make a task what the sprint service says, when that is newer than what was applied.

    Raises: `LookupError` for an unknown task.
    """
    told = TaskUpdated.model_validate(event.event_data)
    applying = told.model_dump() | {
        "status": _status(told),
        "actor": event.metadata.source_service,
    }
    if not (await connection.execute(_APPLY, applying)).scalar_one():
        raise LookupError(f"there is no task {told.task_id} in {told.project_id}")


def _status(told: TaskUpdated) -> TaskStatus:
    """Out of its sprint a task is unassigned again unless it is done; in one it never is."""
    if told.sprint_id is None:
        return "completed" if told.status == "completed" else "unassigned"
    return "assigned_to_sprint" if told.status == "unassigned" else told.status


HANDLERS: Mapping[str, Handler] = {"TASK_UPDATED": apply_task_updated}
