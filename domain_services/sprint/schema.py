"""Wire types of the sprint service: sprints, their tasks, progress, daily scrums, burndowns."""

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

from domain_services.events import ProgressSource
from domain_services.kernel.types import Answer, Day, EmployeeId, Line, Prose, TaskId, Wire
from domain_services.project.schema import Clock

SprintStatus = Literal[
    "planned", "in_progress", "completed", "closed_with_pending_tasks", "cancelled"
]
TaskStatus = Literal["assigned_to_sprint", "in_progress", "completed", "blocked"]
Percentage = Annotated[int, Field(strict=True, ge=0, le=100)]
# As many as the backlog reserves in one request.
MAX_TASKS = 1000


def _distinct(ids: list[str]) -> list[str]:
    if len(set(ids)) < len(ids):
        raise ValueError("names a task twice")
    return ids


TaskIds = Annotated[
    list[TaskId], Field(min_length=1, max_length=MAX_TASKS), AfterValidator(_distinct)
]
IdempotencyKey = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")]


FIRST_DAYS = Field(ge=date(1970, 1, 1), le=date(2100, 6, 30))


class SprintCreate(Wire):
    """Request for a sprint."""

    sprint_name: Line | None = Field(default=None, description='null is "Sprint <n>"')
    """Name of the sprint."""
    duration_weeks: int = Field(default=2, strict=True, ge=1, le=8)
    """Length of the sprint, in weeks."""
    sprint_goal: Prose | None = None
    """Goal of the sprint; null: none."""
    task_ids: TaskIds | None = None
    """Tasks of the sprint; null: every unassigned task."""
    start_date: Annotated[Day, FIRST_DAYS] | None = None
    """First day of the sprint; null: the project's `today`."""
    requested_by: Line | None = None
    """Person or program that asks for the sprint; null: not known."""


class SprintTask(Answer):
    """Task as it stands in its sprint; in a closed sprint, as it stood at the close."""

    task_id: str
    """Id of the task."""
    project_id: str
    """Id of the task's project."""
    sprint_id: str
    """Id of the sprint."""
    title: str
    """Title of the task at the start of the sprint."""
    status: TaskStatus
    """Status of the task."""
    progress_percentage: int
    """Progress of the task, in percent."""
    assigned_to: str | None
    """Employee who works on the task; null: nobody."""
    priority: int
    """Priority at the start of the sprint, 1 is the highest."""
    version: int
    """Version, which rises with every change."""
    updated_at: datetime
    """Moment of the last change."""
    finished_on: date | None = None
    """Day of the project on which the task was completed; null: open, or not known."""
    estimate: float | None = None
    """Estimate at the start of the sprint, in the team's own unit; null: not estimated."""


class SprintCreated(Answer):
    """Started sprint."""

    message: str
    """Summary for people."""
    sprint_id: str
    """Id of the sprint."""
    project_id: str
    """Id of the sprint's project."""
    sprint_name: str
    """Name of the sprint."""
    status: SprintStatus
    """Status of the sprint."""
    start_date: date
    """First day of the sprint."""
    end_date: date
    """Last day of the sprint, inclusive."""
    duration_weeks: int
    """Length of the sprint, in weeks."""
    assigned_tasks_count: int
    """Number of tasks in the sprint."""
    tasks: list[SprintTask]
    """Tasks of the sprint."""
    warnings: list[str] = []
    """Reasons why events are delayed; empty while they flow."""


class SprintSummary(Answer):
    """Sprint with counts of its tasks."""

    sprint_id: str
    """Id of the sprint."""
    project_id: str
    """Id of the sprint's project."""
    sprint_name: str
    """Name of the sprint."""
    sprint_goal: str | None
    """Goal of the sprint; null: none."""
    status: SprintStatus
    """Status of the sprint."""
    start_date: date
    """First day of the sprint."""
    end_date: date
    """Last day of the sprint, inclusive."""
    duration_weeks: int
    """Length of the sprint, in weeks."""
    requested_by: str | None
    """Person or program that asked for the sprint; null: not known."""
    created_at: datetime
    """Moment of the creation."""
    closed_at: datetime | None
    """Moment of the close, or of the cancellation; null: neither."""
    total_tasks: int
    """Number of tasks."""
    completed_tasks: int
    """Number of completed tasks."""
    pending_tasks: int
    """Number of tasks that are not completed."""
    progress_percentage: float | None
    """Mean progress of the tasks, in percent; null without tasks."""
    total_points: float | None = None
    """Sum of the tasks' estimates; null: no task is estimated."""
    completed_points: float | None = None
    """Sum of the completed tasks' estimates; null: no task is estimated."""
    progress_source: ProgressSource = "none"
    """Origin of the progress so far; one simulated entry makes the sprint simulated."""
    worked: bool | None = None
    """Whether the sprint counts as history; null: it has not ended."""
    ended_on: date | None = None
    """Last day that the sprint ran, by its project's days; null: it is not closed."""
    completed_outside: int | None = None
    """Tasks of the project finished in its days outside it; null: not known, or not closed."""
    completed_arrived: int | None = None
    """Of these, the tasks created after the sprint began; null: not known, or not closed."""


class Sprint(SprintSummary):
    """Sprint with its tasks."""

    tasks: list[SprintTask]
    """Tasks of the sprint, by id."""


class Numbering(Wire):
    """Number of the newest sprint that was held elsewhere."""

    last_number: Annotated[int, Field(strict=True, ge=1, le=99_999)]
    """Number after which new sprints count on."""


class Numbered(Answer):
    """Numbering of a project's sprints."""

    project_id: str
    """Id of the project."""
    last_number: int
    """Last number in use."""


class ActiveSprint(Answer):
    """Sprint in progress."""

    sprint_id: str
    """Id of the sprint."""


class TaskSummary(Answer):
    """Counts of a sprint's tasks."""

    sprint_id: str
    """Id of the sprint."""
    total_tasks: int
    """Number of tasks."""
    status_counts: dict[str, int]
    """Number of tasks by status, with the statuses that occur."""
    completed_tasks: int
    """Number of completed tasks."""
    pending_tasks: int
    """Number of tasks that are not completed."""
    progress_percentage: float | None
    """Mean progress of the tasks, in percent; null without tasks."""
    total_points: float | None = None
    """Sum of the tasks' estimates; null: no task is estimated."""
    completed_points: float | None = None
    """Sum of the completed tasks' estimates; null: no task is estimated."""


class ProgressReport(Wire):
    """Report on a task; the status follows the percentage when one is given.

    0 is `assigned_to_sprint` (or `in_progress` when named), above 0 `in_progress`, 100
    `completed`; `blocked` holds for any percentage below 100.
    """

    progress_percentage: Percentage | None = None
    """Progress of the task, in percent; null: unchanged."""
    status: TaskStatus | None = None
    """Status of the task; null: it follows the percentage."""
    yesterday_work: Prose | None = None
    """Work of the day before; null: not reported."""
    today_work: Prose | None = None
    """Work planned for the day; null: not reported."""
    impediments: Prose | None = None
    """Impediments; null: not reported."""
    employee_id: EmployeeId | None = None
    """Employee who reports; null: the task's assignee."""
    day: Day | None = None
    """Day of the project on which it happened, from the sprint's first to today; null: today."""

    @model_validator(mode="after")
    def _names_something(self) -> "ProgressReport":
        report = self.model_dump(exclude={"employee_id", "day"}, exclude_none=True)
        if not report:
            raise ValueError("says nothing: give a percentage, a status or a text")
        return self


class ProgressRecorded(Answer):
    """Recorded report on a task."""

    message: str
    """Summary for people."""
    task_id: str
    """Id of the task."""
    status: TaskStatus
    """Status after the report."""
    progress_percentage: int
    """Progress after the report, in percent."""
    version: int
    """Version after the report."""


class SprintClosed(Answer):
    """Closed sprint."""

    message: str
    """Summary for people."""
    sprint_id: str
    """Id of the sprint."""
    status_updated_to: SprintStatus
    """Status of the sprint."""
    completed_tasks_count: int
    """Number of completed tasks."""
    uncompleted_tasks_moved_to_backlog_count: int
    """Number of tasks that returned to the backlog."""
    retrospective_report_id: UUID
    """Id of the retrospective, which reaches the chronicle as soon as it answers."""
    ended_on: date | None = None
    """Last day that the sprint ran; null: an earlier release closed it."""
    progress_source: ProgressSource | None = None
    """Origin of the sprint's progress; null: an earlier release closed it."""
    worked: bool | None = None
    """Whether the sprint counts as history; null: an earlier release closed it."""
    completed_outside: int | None = None
    """Tasks of the project finished in the sprint's days outside it; null: not known."""
    completed_arrived: int | None = None
    """Of these, the tasks created after the sprint began; null: not known."""


class SprintCancel(Wire):
    """Request to cancel a sprint in which nobody worked."""

    reason: Prose | None = None
    """Reason for people; null: not given."""


class SprintCancelled(Answer):
    """Cancelled sprint."""

    message: str
    """Summary for people."""
    sprint_id: str
    """Id of the sprint."""
    project_id: str
    """Id of the sprint's project."""
    status_updated_to: SprintStatus
    """Status of the sprint."""
    uncompleted_tasks_moved_to_backlog_count: int
    """Number of tasks that returned to the backlog."""
    reason: str | None
    """Reason of the cancellation; null: not given."""
    cancelled_at: datetime
    """Moment of the cancellation."""


def _written_as_text(value: object) -> object:
    """Pydantic alone takes numbers for seconds since 1970."""
    if isinstance(value, datetime | str):
        return value
    raise ValueError("is not a moment written as RFC 3339, with its offset")


# Years that the chronicle stores as well.
Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_written_as_text),
    Field(ge=datetime(1970, 1, 2, tzinfo=UTC), le=datetime(2100, 1, 1, tzinfo=UTC)),
]


class DailyScrumRequest(Wire):
    """Request to hold a daily scrum."""

    scheduled_for: Day | Moment | None = None
    """Day of the project up to the sprint's last, or the moment that was due; null: today."""


class DailyScrumRun(Answer):
    """Daily scrum that was held."""

    message: str
    """Summary for people."""
    sprint_id: str
    """Id of the sprint."""
    scrum_date: date
    """Day of the project."""
    updated_tasks_count: int
    """Number of tasks in the report."""
    report_id: UUID
    """Id of the report, which reaches the chronicle as soon as it answers."""


class BurndownDay(Answer):
    """End of a day."""

    day: date
    """Day of the project."""
    ideal_remaining: float
    """Number of tasks left on the ideal line."""
    remaining_tasks: int | None
    """Number of tasks left; null: the day is to come, or nothing is recorded of it."""


class Burndown(Answer):
    """Burndown of a sprint.

    The ideal line falls by the same share every working day, to 0 at the end of the last.
    """

    sprint_id: str
    """Id of the sprint."""
    project_id: str
    """Id of the sprint's project."""
    status: SprintStatus
    """Status of the sprint."""
    timezone: str
    """Time zone of the days, the project's."""
    clock: Clock = "live"
    """`live`: the project follows the clock; `held`: its day changes only when it is moved."""
    today: date | None = None
    """Present day of the project; null: an earlier release answers."""
    progress_source: ProgressSource = "none"
    """Origin of the progress so far; one simulated entry makes the sprint simulated."""
    start_date: date
    """First day of the sprint."""
    end_date: date
    """Last day of the sprint, inclusive."""
    total_tasks: int
    """Number of tasks at the start."""
    remaining_tasks: int
    """Number of tasks left now, also after the last day."""
    days: list[BurndownDay]
    """Days from the sprint's first to its last."""
    reason: str | None
    """Reason why a past day has no count; null: all have one."""
