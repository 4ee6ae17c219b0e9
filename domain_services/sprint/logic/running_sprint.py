"""A sprint in progress: its lock, and the release of its tasks when it ends."""

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.events import TaskUpdated
from domain_services.kernel.errors import Conflict
from domain_services.sprint.logic import sprints, tasks
from domain_services.sprint.models import sprints as sprint_rows
from domain_services.sprint.schema import Sprint, SprintTask

# Completed tasks do not change at the end, so they keep their version.
_RELEASE_UNFINISHED = text(
    """
    UPDATE sprint_tasks SET version = version + 1, updated_at = :updated_at
    WHERE sprint_id = :sprint_id AND status <> 'completed'
    """
)


class NotInProgress(Conflict):
    code = "sprint_not_in_progress"
    title = "The sprint is not in progress"


async def lock(connection: AsyncConnection, sprint_id: str) -> Sprint:
    """Lock a running sprint until the commit. Raises: `NotFound`, `NotInProgress`."""
    of_sprint = sprint_rows.c.id == sprint_id
    # Reports lock the row FOR SHARE: the tasks read below cannot move any more.
    await connection.execute(select(sprint_rows.c.id).where(of_sprint).with_for_update())
    sprint = await sprints.get(connection, sprint_id)
    if sprint.status != "in_progress":
        raise NotInProgress(
            f"{sprint_id} is {sprint.status}: only a sprint in progress takes this",
            sprint_id=sprint_id,
        )
    return sprint


async def release(
    connection: AsyncConnection, sprint: Sprint, released_at: datetime
) -> list[TaskUpdated]:
    """Release all tasks; rows of unfinished ones keep their state and get the event's version."""
    values = {"sprint_id": sprint.sprint_id, "updated_at": released_at}
    if sprint.pending_tasks:
        await connection.execute(_RELEASE_UNFINISHED, values)
    return tasks.task_released_events(_released(task, released_at) for task in sprint.tasks)


def _released(task: SprintTask, released_at: datetime) -> SprintTask:
    if task.status == "completed":
        return task
    return task.model_copy(update={"version": task.version + 1, "updated_at": released_at})
