"""Wire types of the sprint service: sprints, their tasks, progress, and the events it sends."""

from datetime import UTC, date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    StringConstraints,
    model_validator,
)

from domain_services.kernel.types import Answer, Day, EmployeeId, Line, Prose, TaskId, Wire

SprintStatus = Literal[
    "planned", "in_progress", "completed", "closed_with_pending_tasks", "cancelled"
]
TaskStatus = Literal["assigned_to_sprint", "in_progress", "completed", "blocked"]
Percentage = Annotated[int, Field(strict=True, ge=0, le=100)]
MAX_TASKS = 1000


def _distinct(ids: list[str]) -> list[str]:
    if len(set(ids)) < len(ids):
        raise ValueError("names a task twice")
    return ids


TaskIds = Annotated[
    list[TaskId], Field(min_length=1, max_length=MAX_TASKS), AfterValidator(_distinct)
]
IdempotencyKey = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")]


class SprintCreate(Wire):
    """`task_ids` null takes every unassigned task; `start_date` null is the project's `today`."""

    sprint_name: Line | None = Field(default=None, description='null is "Sprint <n>"')
    duration_weeks: int = Field(default=2, strict=True, ge=1, le=8)
    sprint_goal: Prose | None = None
    task_ids: TaskIds | None = None
    start_date: Annotated[Day, Field(ge=date(1970, 1, 1), le=date(2100, 6, 30))] | None = None
    requested_by: Line | None = None


class SprintTask(Answer):
    """A task as it stands in its sprint; in a closed sprint, as it stood at the close."""

    task_id: str
    project_id: str
    sprint_id: str
    title: str
    status: TaskStatus
    progress_percentage: int
    assigned_to: str | None
    priority: int
    version: int
    updated_at: datetime


class SprintCreated(Answer):
    """`end_date` is the last day of the sprint, inclusive; `warnings` name what comes later."""

    message: str
    sprint_id: str
    project_id: str
    sprint_name: str
    status: SprintStatus
    start_date: date
    end_date: date
    duration_weeks: int
    assigned_tasks_count: int
    tasks: list[SprintTask]
    warnings: list[str] = []


class SprintSummary(Answer):
    """`progress_percentage` is the mean of the tasks' progress, null without tasks."""

    sprint_id: str
    project_id: str
    sprint_name: str
    sprint_goal: str | None
    status: SprintStatus
    start_date: date
    end_date: date
    duration_weeks: int
    requested_by: str | None
    created_at: datetime
    closed_at: datetime | None
    total_tasks: int
    completed_tasks: int
    pending_tasks: int
    progress_percentage: float | None


class Sprint(SprintSummary):
    """A sprint with its tasks, by id."""

    tasks: list[SprintTask]


class Numbering(Wire):
    """The number of the newest sprint that was held elsewhere."""

    last_number: Annotated[int, Field(strict=True, ge=1, le=99_999)]


class Numbered(Answer):
    project_id: str
    last_number: int


class ActiveSprint(Answer):
    sprint_id: str


class TaskSummary(Answer):
    """`status_counts` names only statuses that occur; `progress_percentage` as in a sprint."""

    sprint_id: str
    total_tasks: int
    status_counts: dict[str, int]
    completed_tasks: int
    pending_tasks: int
    progress_percentage: float | None


class ProgressReport(Wire):
    """What somebody says about a task; the status follows the percentage when one is given.

    0 is `assigned_to_sprint` (or `in_progress` when said so), above 0 `in_progress`, 100
    `completed`; `blocked` holds for any percentage below 100.
    """

    progress_percentage: Percentage | None = None
    status: TaskStatus | None = None
    yesterday_work: Prose | None = None
    today_work: Prose | None = None
    impediments: Prose | None = None
    employee_id: EmployeeId | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "ProgressReport":
        said = self.model_dump(exclude={"employee_id"}, exclude_none=True)
        if not said:
            raise ValueError("says nothing: give a percentage, a status or a text")
        return self


class ProgressRecorded(Answer):
    message: str
    task_id: str
    status: TaskStatus
    progress_percentage: int
    version: int


class SprintClosed(Answer):
    """The id is that of the retrospective, which reaches the chronicle as soon as it answers."""

    message: str
    sprint_id: str
    status_updated_to: SprintStatus
    completed_tasks_count: int
    uncompleted_tasks_moved_to_backlog_count: int
    retrospective_report_id: UUID


def _written_out(value: object) -> object:
    """Pydantic alone takes numbers for seconds since 1970."""
    if isinstance(value, datetime | str):
        return value
    raise ValueError("is not a moment written as RFC 3339, with its offset")


Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_written_out),
    Field(ge=datetime(1970, 1, 2, tzinfo=UTC), le=datetime(2100, 1, 1, tzinfo=UTC)),
]


class DailyScrumRequest(Wire):
    """`scheduled_for` is the project's day that the scrum is of, or the moment it was due.

    A scheduler that fires late gives the moment, so that the report has the right day. Null: now.
    """

    scheduled_for: Day | Moment | None = None


class DailyScrumRun(Answer):
    """The id is that of the report, which reaches the chronicle as soon as it answers."""

    message: str
    sprint_id: str
    scrum_date: date
    updated_tasks_count: int
    report_id: UUID


class BurndownDay(Answer):
    """The end of a day; `remaining_tasks` null: the day is to come, or nothing is known of it."""

    day: date
    ideal_remaining: float
    remaining_tasks: int | None


class Burndown(Answer):
    """Days of the project's time zone, from the sprint's first to its last.

    The scope is that of the start. The ideal line falls by the same share every calendar day, to 0
    at the end of the last. `reason` says why a day that has passed has no count; null: all have.
    `remaining_tasks` is the present count, also when the sprint runs past its last day.
    """

    sprint_id: str
    project_id: str
    status: SprintStatus
    timezone: str
    start_date: date
    end_date: date
    total_tasks: int
    remaining_tasks: int
    days: list[BurndownDay]
    reason: str | None


class TaskUpdated(Answer):
    """Payload of TASK_UPDATED; the higher `version` is the newer truth.

    `sprint_id` null: the task left its sprint and is `unassigned` again.
    """

    task_id: str
    project_id: str
    sprint_id: str | None
    status: TaskStatus | Literal["unassigned"]
    progress_percentage: int
    updated_at: datetime
    assigned_to: str | None
    version: int


class SprintStartedEvent(Answer):
    """Payload of SPRINT_STARTED."""

    sprint_id: str
    project_id: str
    sprint_name: str
    start_date: date
    end_date: date
    duration_weeks: int
    task_ids: list[str]


class SprintClosedEvent(Answer):
    """Payload of SPRINT_CLOSED: how the sprint turned out.

    `planned_tasks` entered at its start, `spill_over` of them went back unfinished;
    `completion_rate` in 0..1 is null for a sprint without tasks; `duration_days` are calendar days
    from the start to the planned end, both included.
    """

    sprint_id: str
    project_id: str
    completed_tasks: int
    planned_tasks: int
    spill_over: int
    completion_rate: float | None
    duration_days: int
    start_date: date
    end_date: date
    requested_by: str | None
    closed_at: datetime
