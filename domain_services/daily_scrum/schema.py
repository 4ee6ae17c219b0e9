"""Wire types of the daily-scrum service: a simulated day, and the event that tells of it."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from domain_services.kernel.types import Answer, EmployeeId, Prose, SprintId, TaskId

Percentage = Annotated[int, Field(strict=True, ge=0, le=100)]


class Health(Answer):
    status: Literal["ok", "error"]
    redis: Literal["connected", "disconnected"]


class TaskProgressed(Answer):
    """Payload of TASK_PROGRESSED (section 4.5 of the specification), and what makes it safe to use.

    `progress_made` and `new_total_progress` in percent. `scrum_date` is the project's day that was
    simulated, `task_version` the version of the task that it started from; null says nothing.
    """

    sprint_id: SprintId
    task_id: TaskId
    progress_made: Percentage
    new_total_progress: Percentage
    employee_id: EmployeeId | None = None
    yesterday_work: Prose | None = None
    today_work: Prose | None = None
    impediments: Prose | None = None
    scrum_date: date | None = None
    task_version: int | None = None


class ScrumRun(Answer):
    """`events` have been published, or are as soon as Redis answers: see `warnings`."""

    message: str
    sprint_id: str
    scrum_date: date
    events_count: int
    events: list[TaskProgressed]
    warnings: list[str] = []
