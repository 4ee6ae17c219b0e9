"""Tasks of a sprint as values: their statuses, and the events that publish them."""

from collections.abc import Iterable

from domain_services.events import TaskUpdated
from domain_services.kernel.errors import Invalid
from domain_services.sprint.schema import SprintTask, TaskStatus

SOURCE = "sprint-service"


def resolve(
    task: SprintTask, percentage: int | None, status: TaskStatus | None
) -> tuple[TaskStatus, int]:
    """Return status and percentage of a task after a report; None leaves that side open.

    Raises: `Invalid` when a completed task is reopened without saying how far it is.
    """
    if percentage is None and status is None:
        return task.status, task.progress_percentage
    implied = {"completed": 100, "assigned_to_sprint": 0}
    if percentage is None:
        percentage = implied.get(status or "", task.progress_percentage)
        if percentage == 100 and status in ("in_progress", "blocked"):
            raise Invalid(f"{task.task_id} is at 100 %: say progress_percentage to reopen it")
    # The percentage decides: 100 % with another status would be completed work that stays open.
    if percentage >= 100:
        return "completed", 100
    if status == "blocked":
        return "blocked", percentage
    started = percentage > 0 or status == "in_progress"
    return ("in_progress" if started else "assigned_to_sprint"), percentage


def task_updated_events(tasks: Iterable[SprintTask]) -> list[TaskUpdated]:
    """Make the events that publish tasks as they stand in their sprint."""
    return [TaskUpdated.model_validate(task, from_attributes=True) for task in tasks]


def task_released_events(tasks: Iterable[SprintTask]) -> list[TaskUpdated]:
    """Make the events by which a closed sprint releases its tasks.

    Assignee and progress stay. A completed task stays completed, an unfinished one is free again.
    """
    return [
        TaskUpdated.model_validate(
            task.model_dump()
            | {
                "sprint_id": None,
                "status": "completed" if task.status == "completed" else "unassigned",
            }
        )
        for task in tasks
    ]
