"""Rules by which status and progress follow each other."""

from domain_services.backlog.schema import TaskStatus, TaskUpdate
from domain_services.kernel.errors import Invalid


def follow(
    update: TaskUpdate, status: TaskStatus, progress: int, *, in_sprint: bool
) -> tuple[TaskStatus, int]:
    """Return the status and progress of a task after `update`.

    A named status stands; otherwise progress sets it: above 0 `in_progress`, 100 `completed`, and
    0 opens completed work again. Raises: `Invalid` for an impossible combination.
    """
    new_progress = update.progress_percentage
    if update.status is not None:
        new_status = update.status
        if new_status == "completed" and new_progress is None:
            new_progress = 100
    elif new_progress is not None:
        new_status = _after(new_progress, status, in_sprint=in_sprint)
    else:
        new_status = status
    if new_progress is None:
        new_progress = progress
    if new_status == "completed" and new_progress < 100:
        raise Invalid(f"a completed task is at 100 percent, not {new_progress}")
    if new_status != "completed" and new_progress == 100 and "status" in update.model_fields_set:
        raise Invalid(f"at 100 percent a task is completed: say how far it is to be {new_status}")
    if new_status == "assigned_to_sprint" and not in_sprint:
        raise Invalid("the task is in no sprint: a sprint reserves it first")
    if new_status == "unassigned" and in_sprint:
        raise Invalid("the task is in a sprint: the sprint releases it first")
    return new_status, new_progress


def _after(progress: int, status: TaskStatus, *, in_sprint: bool) -> TaskStatus:
    if progress >= 100:
        return "completed"
    if progress > 0:
        return "in_progress"
    if status == "completed":
        return "assigned_to_sprint" if in_sprint else "unassigned"
    return status
