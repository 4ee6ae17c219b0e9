"""Ownership of a task: a sprint that holds it decides its status, progress and assignee."""

from typing import Any

from sqlalchemy import Row

from domain_services.backlog.schema import TaskUpdate
from domain_services.kernel.errors import Invalid

_OWNED_FIELDS = ("status", "progress_percentage", "assigned_to", "finished_on")


def owning_sprint(task: Row[Any]) -> str | None:
    """Return the sprint that holds a task; None for a task in no sprint, or in a closed one."""
    # A completed task stays listed in its sprint after the close: `sprint_id` alone does not say
    # whether the sprint still runs (docs/adr/0073-release-of-completed-tasks.md).
    return None if task.sprint_id == task.ended_sprint_id else task.sprint_id


def require_own_fields_unchanged(task: Row[Any], sprint_id: str, request: TaskUpdate) -> None:
    """Refuse a request to change what the sprint decides. Raises: `Invalid`."""
    requested = request.model_dump(include=set(_OWNED_FIELDS), exclude_unset=True)
    if all(getattr(task, name) == value for name, value in requested.items()):
        return
    # The sprint would not learn of the change, and its next event would undo it.
    raise Invalid(
        f"{task.task_id} is in {sprint_id}, which keeps status, progress and assignee of its "
        f"tasks: report to the sprint service, POST /tasks/{task.task_id}/progress. If the sprint "
        "was closed just now, try again in a few seconds",
        sprint_id=sprint_id,
    )
