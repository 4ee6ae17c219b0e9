"""Sprint tasks as values: their statuses, and the events that tell of them."""

from collections.abc import Iterable

from domain_services.kernel.errors import Invalid
from domain_services.kernel.messaging.envelope import Envelope, envelope
from domain_services.sprint.schema import SprintTask, TaskStatus, TaskUpdated

SOURCE = "sprint-service"


def resolve(
    task: SprintTask, percentage: int | None, status: TaskStatus | None
) -> tuple[TaskStatus, int]:
    """Status and percentage of a task after a report; null says nothing about that side.

    Raises: `Invalid` when a completed task is reopened without saying how far it is.
    """
    if percentage is None and status is None:
        return task.status, task.progress_percentage
    implied = {"completed": 100, "assigned_to_sprint": 0}
    if percentage is None:
        percentage = implied.get(status or "", task.progress_percentage)
        if percentage == 100 and status in ("in_progress", "blocked"):
            raise Invalid(f"{task.task_id} is at 100 %: say progress_percentage to reopen it")
    if percentage >= 100:
        return "completed", 100
    if status == "blocked":
        return "blocked", percentage
    started = percentage > 0 or status == "in_progress"
    return ("in_progress" if started else "assigned_to_sprint"), percentage


def tell(tasks: Iterable[SprintTask]) -> list[Envelope]:
    """TASK_UPDATED for tasks as they stand in their sprint."""
    return [_updated(TaskUpdated.model_validate(task, from_attributes=True)) for task in tasks]


def tell_left(tasks: Iterable[SprintTask]) -> list[Envelope]:
    """TASK_UPDATED for tasks that leave their sprint; they keep assignee and progress."""
    return [
        _updated(
            TaskUpdated.model_validate(
                task.model_dump() | {"sprint_id": None, "status": "unassigned"}
            )
        )
        for task in tasks
    ]


def _updated(data: TaskUpdated) -> Envelope:
    return envelope("TASK_UPDATED", "Task", data.task_id, data, source=SOURCE)
