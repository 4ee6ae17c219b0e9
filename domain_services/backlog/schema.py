"""Wire types of the backlog service: tasks, summaries, reservations for sprints."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

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
MAX_TASKS_PER_REQUEST = 500
MAX_TASKS_PER_RESERVATION = 1000

Priority = Annotated[int, Field(strict=True, ge=1, le=5, description="1 is the highest")]
Progress = Annotated[int, Field(strict=True, ge=0, le=100, description="percent")]
Estimate = Annotated[
    float, Field(strict=True, ge=0, le=1_000_000, description="in the team's own unit")
]
Label = Annotated[Line, StringConstraints(max_length=100)]
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
    """`created_on` is the day it was created where it came from, null when that is not known.

    `ready` says whether every task in `depends_on` is completed; it changes without a new version.
    """

    task_id: str
    project_id: str
    title: str
    description: str
    status: TaskStatus
    sprint_id: str | None
    assigned_to: str | None
    progress_percentage: int
    priority: int
    type: str
    labels: list[str]
    estimate: float | None
    external_key: str | None
    depends_on: list[str] = []
    ready: bool = True
    story_id: str | None = None
    version: int
    created_on: date | None
    created_at: datetime
    updated_at: datetime


class TaskCreate(Wire):
    """`external_key` is the task's key where it came from, unique in the project.

    `depends_on` and `story_id` name tasks of the project that are stored, or are created in the
    same request and have an external key. A story is a task of type `story`.
    """

    title: Line
    description: Prose = ""
    status: Literal["unassigned"] = "unassigned"
    assigned_to: EmployeeId | None = None
    priority: Priority = 3
    type: Label = "task"
    labels: Labels = []
    estimate: Estimate | None = None
    external_key: Line | None = None
    depends_on: DependsOn = []
    story_id: TaskName | None = None
    created_on: Day | None = None


class TasksCreate(Wire):
    tasks: Annotated[list[TaskCreate], Field(min_length=1, max_length=MAX_TASKS_PER_REQUEST)]


def _is_list(body: Any) -> Literal["many", "one"]:
    many = "tasks" in body if isinstance(body, dict) else isinstance(body, TasksCreate)
    return "many" if many else "one"


NewTasks = Annotated[
    Annotated[TasksCreate, Tag("many")] | Annotated[TaskCreate, Tag("one")],
    Discriminator(_is_list),
]


class TasksCreated(Answer):
    """`task_ids` in the order of the request."""

    message: str
    project_id: str
    task_ids: list[str]


class TaskUpdate(Wire):
    """A partial update: what is not named stays. A list that is named replaces the one before.

    `assigned_to`, `estimate` and `story_id` may become null. Progress moves the status (above 0
    `in_progress`, 100 `completed`) unless the status is named.
    """

    title: Line | None = None
    description: Prose | None = None
    status: TaskStatus | None = None
    progress_percentage: Progress | None = None
    assigned_to: EmployeeId | None = None
    priority: Priority | None = None
    type: Label | None = None
    labels: Labels | None = None
    estimate: Estimate | None = None
    depends_on: DependsOn | None = None
    story_id: TaskName | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "TaskUpdate":
        if not self.model_fields_set:
            raise ValueError("names nothing to change")
        nulls = {name for name in self.model_fields_set if getattr(self, name) is None}
        if wrong := sorted(nulls - {"assigned_to", "estimate", "story_id"}):
            raise ValueError(f"{', '.join(wrong)} cannot be null")
        return self

    @model_serializer(mode="wrap")
    def _only_what_is_named(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {
            name: value for name, value in handler(self).items() if name in self.model_fields_set
        }


class TaskChanged(Answer):
    message: str
    task_id: str
    version: int


class TaskChange(Answer):
    """A change of status or progress. `from_status` is null for the task's creation.

    `actor` is the name of the key that changed it, or the service that told of the change.
    """

    at: datetime
    actor: str
    from_status: TaskStatus | None
    to_status: TaskStatus
    progress_percentage: int


class BacklogSummary(Answer):
    """`status_counts` has every status; `unassigned_tasks` are those free for a sprint.

    `average_progress` is in percent, null without tasks.
    """

    project_id: str
    total_tasks: int
    status_counts: dict[TaskStatus, int]
    unassigned_tasks: int
    average_progress: float | None


class BacklogGenerated(Answer):
    """`tasks_count` is how many tasks the project has now."""

    message: str
    tasks_count: int


class Returned(Wire):
    """A task as its sprint left it, in that sprint's `version`."""

    task_id: TaskId
    progress_percentage: Progress
    assigned_to: EmployeeId | None
    version: Annotated[int, Field(strict=True, ge=1, le=2**62)]
    left_at: AwareDatetime


class ReservationCreate(Wire):
    """`task_ids` null takes every free task.

    `returned` are tasks of the project's last sprint that did not end with it: they are free from
    now on, if the event that tells so is still on its way.
    """

    sprint_id: SprintId
    returned: Annotated[list[Returned], Field(max_length=MAX_TASKS_PER_RESERVATION)] = []
    task_ids: (
        Annotated[
            list[TaskId],
            Field(min_length=1, max_length=MAX_TASKS_PER_RESERVATION),
            AfterValidator(_distinct),
        ]
        | None
    ) = None


class Reservation(Answer):
    """`tasks` in the backlog's order."""

    sprint_id: str
    tasks: list[Task]


class Released(Answer):
    released: int
