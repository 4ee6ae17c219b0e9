"""Published language of the services: the events that they exchange, and who reads them.

A producer and its consumers share these classes, so that no service imports another's schema.
"""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from domain_services.kernel.messaging.envelope import PublishedEvent
from domain_services.kernel.types import EmployeeId, Prose, SprintId, TaskId

DAILY_SCRUM_EVENTS = "daily_scrum_events"
SPRINT_EVENTS = "sprint_events"

SPRINT_GROUP = "sprint_service_group"
BACKLOG_GROUP = "backlog_service_group"
ORCHESTRATOR_GROUP = "orchestrator_group"

# Groups that must have read an entry before its stream is trimmed. The orchestrator also reads
# the daily scrum's events, as a hint that may be missed: a stack without it must trim as well.
READ_BY: dict[str, tuple[str, ...]] = {
    DAILY_SCRUM_EVENTS: (SPRINT_GROUP, BACKLOG_GROUP),
    SPRINT_EVENTS: (ORCHESTRATOR_GROUP,),
}

Percentage = Annotated[int, Field(strict=True, ge=0, le=100)]
TaskState = Literal["unassigned", "assigned_to_sprint", "in_progress", "completed", "blocked"]
# One simulated entry makes a sprint simulated.
ProgressSource = Literal["reported", "simulated", "none"]


class TaskUpdated(PublishedEvent):
    """State of a task in its sprint; the higher `version` is the newer truth.

    With `sprint_id` null the sprint releases the task: an unfinished one is `unassigned` again, a
    `completed` one stays completed. A release comes after every other event of its version.
    """

    event_type: ClassVar[str] = "TASK_UPDATED"
    stream: ClassVar[str] = DAILY_SCRUM_EVENTS
    aggregate_type: ClassVar[str] = "Task"
    confirmed_by: ClassVar[tuple[str, ...]] = (BACKLOG_GROUP,)

    task_id: str
    """Id of the task."""
    project_id: str
    """Id of the task's project."""
    sprint_id: str | None
    """Sprint that holds the task; null: its sprint released it."""
    status: TaskState
    """Status of the task."""
    progress_percentage: int
    """Progress of the task, in percent."""
    updated_at: datetime
    """Moment of the change."""
    assigned_to: str | None
    """Employee who works on the task; null: nobody."""
    version: int
    """Version of the task in the sprint service, rising from sprint to sprint."""
    finished_on: date | None = None
    """Day of the project on which the task was completed; null: it is open, or not known."""

    @property
    def aggregate_id(self) -> str:
        return self.task_id


class TaskProgressed(PublishedEvent):
    """Simulated day of work on a task (section 4.5 of the specification)."""

    event_type: ClassVar[str] = "TASK_PROGRESSED"
    stream: ClassVar[str] = DAILY_SCRUM_EVENTS
    aggregate_type: ClassVar[str] = "Task"
    confirmed_by: ClassVar[tuple[str, ...]] = (SPRINT_GROUP,)

    sprint_id: SprintId
    """Sprint that holds the task."""
    task_id: TaskId
    """Id of the task."""
    progress_made: Percentage
    """Progress of the day, in percent."""
    new_total_progress: Percentage
    """Progress after the day, in percent."""
    employee_id: EmployeeId | None = None
    """Employee who reports; null: not known."""
    yesterday_work: Prose | None = None
    """Work of the day before; null: not reported."""
    today_work: Prose | None = None
    """Work planned for the day; null: not reported."""
    impediments: Prose | None = None
    """Impediments of the employee; null: not reported."""
    scrum_date: date | None = None
    """Simulated day of the project; null: the day on which the event arrives."""
    task_version: int | None = None
    """Version of the task that the day started from; null: any."""

    @property
    def aggregate_id(self) -> str:
        return self.task_id


class SprintStarted(PublishedEvent):
    """Start of a sprint."""

    event_type: ClassVar[str] = "SPRINT_STARTED"
    stream: ClassVar[str] = SPRINT_EVENTS
    aggregate_type: ClassVar[str] = "Sprint"

    sprint_id: str
    """Id of the sprint."""
    project_id: str
    """Id of the sprint's project."""
    sprint_name: str
    """Name of the sprint."""
    start_date: date
    """First day of the sprint."""
    end_date: date
    """Last day of the sprint, inclusive."""
    duration_weeks: int
    """Length of the sprint, in weeks."""
    task_ids: list[str]
    """Tasks that entered the sprint, in the backlog's order."""

    @property
    def aggregate_id(self) -> str:
        return self.sprint_id


class SprintClosed(PublishedEvent):
    """Outcome of a closed sprint."""

    event_type: ClassVar[str] = "SPRINT_CLOSED"
    stream: ClassVar[str] = SPRINT_EVENTS
    aggregate_type: ClassVar[str] = "Sprint"
    confirmed_by: ClassVar[tuple[str, ...]] = (ORCHESTRATOR_GROUP,)

    sprint_id: str
    """Id of the sprint."""
    project_id: str
    """Id of the sprint's project."""
    completed_tasks: int
    """Tasks finished in the sprint."""
    planned_tasks: int
    """Tasks that entered the sprint at its start."""
    spill_over: int
    """Tasks that went back to the backlog unfinished."""
    completion_rate: float | None
    """Share of completed tasks, in 0..1; null for a sprint without tasks."""
    duration_days: int
    """Calendar days from the start to the planned end, both included."""
    start_date: date
    """First day of the sprint."""
    end_date: date
    """Planned last day of the sprint, inclusive."""
    requested_by: str | None
    """Person or program that asked for the sprint; null: not known."""
    closed_at: datetime
    """Moment of the close."""
    ended_on: date | None = None
    """Last day that the sprint ran, inclusive; null: an earlier release closed it."""
    progress_source: ProgressSource | None = None
    """Origin of the sprint's progress; null: an earlier release closed it."""
    worked: bool = True
    """Whether the sprint counts as history: somebody worked, for long enough or to the end."""
    completed_outside: int | None = None
    """Tasks of the project finished in the sprint's days outside it; null: not known."""
    completed_arrived: int | None = None
    """Of these, the tasks created after the sprint began; null: not known."""

    @property
    def aggregate_id(self) -> str:
        return self.sprint_id


class SprintCancelled(PublishedEvent):
    """Cancellation of a sprint in which nobody worked."""

    event_type: ClassVar[str] = "SPRINT_CANCELLED"
    stream: ClassVar[str] = SPRINT_EVENTS
    aggregate_type: ClassVar[str] = "Sprint"
    confirmed_by: ClassVar[tuple[str, ...]] = (ORCHESTRATOR_GROUP,)

    sprint_id: str
    """Id of the sprint."""
    project_id: str
    """Id of the sprint's project."""
    start_date: date
    """First day of the sprint."""
    end_date: date
    """Planned last day of the sprint, inclusive."""
    requested_by: str | None
    """Person or program that asked for the sprint; null: not known."""
    reason: str | None
    """Reason of the cancellation; null: not given."""
    cancelled_at: datetime
    """Moment of the cancellation."""

    @property
    def aggregate_id(self) -> str:
        return self.sprint_id


# Every event there is.
EVENTS: tuple[type[PublishedEvent], ...] = (
    TaskUpdated,
    TaskProgressed,
    SprintStarted,
    SprintClosed,
    SprintCancelled,
)
