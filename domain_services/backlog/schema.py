"""Wire types of the backlog service: tasks, summaries, reservations for sprints."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Discriminator,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    Tag,
    model_serializer,
    model_validator,
)

from domain_services.kernel.types import (
    Answer,
    Day,
    EmployeeId,
    Line,
    Prose,
    SprintId,
    TaskId,
    Wire,
)

TaskStatus = Literal["unassigned", "assigned_to_sprint", "in_progress", "completed", "blocked"]
STATUSES: tuple[TaskStatus, ...] = (
    "unassigned",
    "assigned_to_sprint",
    "in_progress",
    "completed",
    "blocked",
)
MAX_LABEL = 100
MAX_TASKS_PER_REQUEST = 500
MAX_TASKS_PER_RESERVATION = 1000

Priority = Annotated[int, Field(strict=True, ge=1, le=5, description="1 is the highest")]
Progress = Annotated[int, Field(strict=True, ge=0, le=100, description="percent")]
Estimate = Annotated[
    float, Field(strict=True, ge=0, le=1_000_000, description="in the team's own unit")
]
Label = Annotated[Line, StringConstraints(max_length=MAX_LABEL)]
Labels = Annotated[list[Label], Field(max_length=50)]
TaskName = Annotated[
    Line, Field(description="id or external key of a task of the same project", examples=["T-1"])
]


def _distinct(ids: list[str]) -> list[str]:
    if len(set(ids)) < len(ids):
        raise ValueError("names a task twice")
    return ids


DependsOn = Annotated[list[TaskName], Field(max_length=50), AfterValidator(_distinct)]


class Task(Answer):
    """Task of a backlog."""

    task_id: str
    """Id of the task."""
    project_id: str
    """Id of the task's project."""
    title: str
    """Title of the task."""
    description: str
    """Description of the task."""
    status: TaskStatus
    """Status of the task."""
    sprint_id: str | None
    """Sprint of the task, or the closed sprint that completed it; null: none."""
    assigned_to: str | None
    """Employee who works on the task; null: nobody."""
    progress_percentage: int
    """Progress of the task, in percent."""
    priority: int
    """Priority, 1 is the highest."""
    type: str
    """Type of the task."""
    labels: list[str]
    """Labels of the task."""
    estimate: float | None
    """Estimate in the team's own unit; null: not estimated."""
    external_key: str | None
    """Key of the task in its source; null: it was created here."""
    depends_on: list[str] = []
    """Tasks that must be completed first."""
    ready: bool = True
    """Whether every task in `depends_on` is completed; it changes without a new version."""
    rank: int | None = None
    """Place in the Product Owner's order, from 1, without a new version; null: none."""
    carried_over: bool = False
    """Whether work on the open task has begun, or a sprint left it unfinished."""
    story_id: str | None = None
    """Story of the task; null: none."""
    begun: bool = False
    """Whether work on it has begun in its source."""
    started_on: date | None = None
    """Day on which work on it began in its source; null: not begun, or not known."""
    source_sprint: str | None = None
    """Name of the sprint that runs in its source and has the task; null: none."""
    version: int
    """Version, which rises with every change."""
    created_on: date | None
    """Day on which the task was created in its source; null: not known."""
    finished_on: date | None = None
    """Day of the project on which the task was completed; null: open, or not known."""
    created_at: datetime
    """Moment at which the task was stored here."""
    updated_at: datetime
    """Moment of the last change."""


class TaskCreate(Wire):
    """New task.

    `depends_on` and `story_id` name tasks of the project that are stored, or are created in the
    same request and have an external key. A story is a task of type `story`.
    """

    title: Line
    """Title of the task."""
    description: Prose = ""
    """Description of the task."""
    status: Literal["unassigned", "completed"] = "unassigned"
    """Status of the new task; an import may bring one that is completed already."""
    assigned_to: EmployeeId | None = None
    """Employee who works on the task; null: nobody."""
    priority: Priority = 3
    """Priority, 1 is the highest."""
    type: Label = "task"
    """Type of the task."""
    labels: Labels = []
    """Labels of the task."""
    estimate: Estimate | None = None
    """Estimate in the team's own unit; null: not estimated."""
    external_key: Line | None = None
    """Key of the task in its source, unique in the project; null: none."""
    depends_on: DependsOn = []
    """Tasks that must be completed first, by id or external key."""
    story_id: TaskName | None = None
    """Story of the task, by id or external key; null: none."""
    begun: bool = False
    """Whether work on it has begun in its source."""
    started_on: Day | None = None
    """Day on which work on it began in its source; null: not begun, or not known."""
    source_sprint: Line | None = None
    """Name of the sprint that runs in its source and has the task; null: none."""
    created_on: Day | None = None
    """Day on which the task was created in its source; null: not known."""
    finished_on: Day | None = None
    """Day of the project on which the task was completed; null: open, or not known."""

    @model_validator(mode="after")
    def _check_finished(self) -> "TaskCreate":
        if self.finished_on is not None and self.status != "completed":
            raise ValueError("finished_on is for a task of status completed")
        return self


class TasksCreate(Wire):
    """New tasks, created all or none."""

    tasks: Annotated[list[TaskCreate], Field(min_length=1, max_length=MAX_TASKS_PER_REQUEST)]
    """Tasks in the order in which they are numbered."""


def _is_list(body: object) -> Literal["many", "one"]:
    many = "tasks" in body if isinstance(body, dict) else isinstance(body, TasksCreate)
    return "many" if many else "one"


NewTasks = Annotated[
    Annotated[TasksCreate, Tag("many")] | Annotated[TaskCreate, Tag("one")],
    Discriminator(_is_list),
]


class TasksCreated(Answer):
    """Created tasks."""

    message: str
    """Summary for people."""
    project_id: str
    """Id of the tasks' project."""
    task_ids: list[str]
    """Ids of the new tasks, in the order of the request."""


_NULLABLE = frozenset(
    {"assigned_to", "estimate", "finished_on", "source_sprint", "started_on", "story_id"}
)


class TaskUpdate(Wire):
    """Partial update: fields that are not named stay. A named list replaces the one before.

    `assigned_to`, `estimate`, `finished_on`, `source_sprint`, `started_on` and `story_id` may be
    null. Progress moves the status (above 0 `in_progress`, 100 `completed`) unless the status is
    named.
    """

    title: Line | None = None
    """New title."""
    description: Prose | None = None
    """New description."""
    status: TaskStatus | None = None
    """New status; refused while a sprint holds the task."""
    progress_percentage: Progress | None = None
    """New progress, in percent; refused while a sprint holds the task."""
    assigned_to: EmployeeId | None = None
    """New assignee, null: nobody; refused while a sprint holds the task."""
    priority: Priority | None = None
    """New priority, 1 is the highest."""
    type: Label | None = None
    """New type."""
    labels: Labels | None = None
    """New labels."""
    estimate: Estimate | None = None
    """New estimate in the team's own unit; null: not estimated."""
    depends_on: DependsOn | None = None
    """Tasks that must be completed first, by id or external key."""
    story_id: TaskName | None = None
    """Story of the task, by id or external key; null: none."""
    finished_on: Day | None = None
    """Day of the project on which the task was completed; refused for an open task."""
    begun: bool | None = None
    """Whether work on it has begun in its source."""
    started_on: Day | None = None
    """Day on which work on it began in its source; null: not begun, or not known."""
    source_sprint: Line | None = None
    """Name of the sprint that runs in its source and has the task; null: none."""

    @model_validator(mode="after")
    def _changes_something(self) -> "TaskUpdate":
        if not self.model_fields_set:
            raise ValueError("names nothing to change")
        nulls = {name for name in self.model_fields_set if getattr(self, name) is None}
        if wrong := sorted(nulls - _NULLABLE):
            raise ValueError(f"{', '.join(wrong)} cannot be null")
        return self

    @model_serializer(mode="wrap")
    def _only_named_fields(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        return {
            name: value for name, value in handler(self).items() if name in self.model_fields_set
        }


class TaskChanged(Answer):
    """Accepted change of a task."""

    message: str
    """Summary for people."""
    task_id: str
    """Id of the task."""
    version: int
    """Version after the change."""


class TaskChange(Answer):
    """Change of a task's status or progress."""

    at: datetime
    """Moment of the change."""
    actor: str
    """Name of the caller's key, or of the service that published the change."""
    from_status: TaskStatus | None
    """Status before; null for the task's creation."""
    to_status: TaskStatus
    """Status after the change."""
    progress_percentage: int
    """Progress after the change, in percent."""


class BacklogSummary(Answer):
    """Summary of a backlog."""

    project_id: str
    """Id of the project."""
    total_tasks: int
    """Number of tasks."""
    status_counts: dict[TaskStatus, int]
    """Number of tasks by status, with every status."""
    unassigned_tasks: int
    """Number of tasks that are free for a sprint."""
    average_progress: float | None
    """Mean progress, in percent; null without tasks."""
    source_sprints: dict[str, int] = {}
    """Number of open tasks by the sprint that runs in their source."""


class FinishedOutside(Answer):
    """Count of tasks that were finished in a window while no sprint held them."""

    project_id: str
    """Id of the project."""
    start_date: date
    """First day of the window."""
    end_date: date
    """Last day of the window, inclusive."""
    tasks: int
    """Number of tasks; those of which the day is not known are not counted."""
    arrived: int | None = None
    """Number of these that were created in or after the window; null: an older release counted."""


class BacklogGenerated(Answer):
    """Answer to the request for a sample backlog."""

    message: str
    """Summary for people."""
    tasks_count: int
    """Number of tasks that the project has now."""


class Returned(Wire):
    """Unfinished task that the project's last sprint released."""

    task_id: TaskId
    """Id of the task."""
    progress_percentage: Progress
    """Progress at the close, in percent."""
    assigned_to: EmployeeId | None
    """Employee who works on the task; null: nobody."""
    version: Annotated[int, Field(strict=True, ge=1, le=2**62)]
    """Version of the task in the sprint service."""
    left_at: AwareDatetime
    """Moment of the release."""


class ReservationCreate(Wire):
    """Request to reserve tasks for a sprint."""

    sprint_id: SprintId
    """Sprint that will hold the tasks."""
    returned: Annotated[list[Returned], Field(max_length=MAX_TASKS_PER_RESERVATION)] = []
    """Tasks that the last sprint released; they are free even if their event has not arrived."""
    task_ids: (
        Annotated[
            list[TaskId],
            Field(min_length=1, max_length=MAX_TASKS_PER_RESERVATION),
            AfterValidator(_distinct),
        ]
        | None
    ) = None
    """Tasks to reserve; null: every free task."""


class Reservation(Answer):
    """Tasks that a sprint holds."""

    sprint_id: str
    """Id of the sprint."""
    tasks: list[Task]
    """Tasks in the backlog's order."""


class HeldTasks(Answer):
    """Tasks that the backlog holds for one sprint."""

    project_id: str
    """Project of the tasks."""
    sprint_id: str
    """Sprint that holds them."""
    tasks: int
    """Count of the tasks."""
    digest: int
    """Digest of their ids, below 2^52: equal sets have equal digests."""


class Released(Answer):
    """Answer to the release of a reservation."""

    released: int
    """Number of unfinished tasks that are free again."""
