"""Tasks in a sprint: until it is over, the sprint keeps their status, progress and assignee."""

from typing import Any

from sqlalchemy import Row, text

from domain_services.backlog.logic import reading
from domain_services.backlog.schema import TaskUpdate
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.database.database import Database
from domain_services.kernel.errors import Invalid, Unavailable
from domain_services.sprint.client import SprintClient
from domain_services.sprint.schema import SprintTask

_KEPT = ("status", "progress_percentage", "assigned_to")
_RUNNING = ("planned", "in_progress")
_FIND = text(
    """
    SELECT sprint_id, status, progress_percentage, assigned_to FROM tasks WHERE task_id = :task_id
    """
)


def changes_what_is_kept(task: Row[Any], wanted: TaskUpdate) -> bool:
    """Whether `wanted` gives a task another status, progress or assignee."""
    named = wanted.model_dump(include=set(_KEPT), exclude_unset=True)
    return any(getattr(task, name) != value for name, value in named.items())


def settled(task: Row[Any], ended: SprintTask) -> bool:
    """Whether the backlog knows how a task ended in its sprint: no event will change it any more.

    Only completed tasks stay in a sprint that is over; the others leave it by their last event.
    """
    return ended.status == "completed" and all(
        getattr(task, name) == getattr(ended, name) for name in _KEPT
    )


def refusal(task_id: str, sprint_id: str) -> Invalid:
    """The sprint would not know of the change, and tell its own state over it."""
    return Invalid(
        f"{task_id} is in {sprint_id}, which keeps status, progress and assignee of its tasks: "
        f"report to the sprint service, POST /tasks/{task_id}/progress",
        sprint_id=sprint_id,
    )


async def ended_sprint(
    database: Database, sprint: SprintClient, task_id: str, wanted: TaskUpdate
) -> str | None:
    """The sprint that a change takes the task out of, because it is over; None when there is none.

    Raises: `NotFound`; `Invalid` while the sprint runs; `Unavailable`, also while the events of its
    end are on their way, which would undo the change.
    """
    found = await database.rows(_FIND, {"task_id": task_id})
    if not found:
        raise reading.unknown(task_id)
    (task,) = found
    if task.sprint_id is None or not changes_what_is_kept(task, wanted):
        return None
    try:
        held = await sprint.get_sprint(task.sprint_id)
    except PeerRefused as refused:
        if refused.peer_status == 404:
            return task.sprint_id
        raise
    if held.status in _RUNNING:
        raise refusal(task_id, task.sprint_id)
    ended = next((each for each in held.tasks if each.task_id == task_id), None)
    if ended is not None and not settled(task, ended):
        raise Unavailable(f"how {task_id} ended in {task.sprint_id} is on its way")
    return task.sprint_id
