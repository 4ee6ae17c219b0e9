"""Wire types of planning: the Product Owner's order, past tasks, ages, candidates."""

from datetime import date
from typing import Annotated

from pydantic import Field

from domain_services.backlog.schema import TaskName
from domain_services.kernel.types import Answer, Day, Line, Wire

MAX_ORDERED_TASKS = 5_000
MAX_PAST_TASKS = 10_000
MAX_CANDIDATES = 1_000
CLASS_BORDERS = (0, 1, 3, 7, 14, 28, 56, 112, 224, 448)


class OrderUpdate(Wire):
    """Product Owner's order of a backlog; it replaces the one before."""

    task_ids: Annotated[list[TaskName], Field(max_length=MAX_ORDERED_TASKS)]
    """Open tasks by id or external key, the first to be planned first; empty: no order."""


class BacklogOrder(Answer):
    """Product Owner's order of a backlog."""

    project_id: str
    """Id of the project."""
    task_ids: list[str]
    """Ids of the open tasks that have a rank, in their order."""


class PastTask(Wire):
    """Dates of a task that was finished before the backlog was kept here."""

    external_key: Line
    """Key of the task in its source."""
    created_on: Day
    """Day on which the task was created."""
    finished_on: Day
    """Day on which the task was completed."""


class PastTasksUpdate(Wire):
    """Dates of all past tasks of a project; they replace those before."""

    tasks: Annotated[list[PastTask], Field(max_length=MAX_PAST_TASKS)]
    """Past tasks, each key once; empty: none."""


class PastTasksStored(Answer):
    """Answer to a replacement of past tasks."""

    project_id: str
    """Id of the project."""
    tasks: int
    """Number of past tasks that the project has now."""


class AgeWindow(Answer):
    """Counts of one past window of days, by age class at its start."""

    start_date: date
    """First day of the window."""
    open: list[int]
    """Number of tasks that were open at the start, by age class."""
    finished: list[int]
    """Number of those that were finished in the window, by age class at the start."""
    arrived: int
    """Number of tasks that were created and finished in the window."""


class TaskAges(Answer):
    """Counts of a project's tasks by age, now and in past windows."""

    project_id: str
    """Id of the project."""
    day: date
    """Day up to which is counted."""
    days: int
    """Length of a window, in days."""
    class_borders: list[int]
    """Lowest age of each age class, in days."""
    open_tasks: list[int]
    """Number of tasks that are open at the end of `day`, by age class."""
    windows: list[AgeWindow]
    """Windows that end before `day`, oldest first; none from before the first known creation."""


class Candidate(Answer):
    """Free task, with the facts that decide whether it is planned."""

    task_id: str
    """Id of the task."""
    title: str
    """Title of the task."""
    external_key: str | None
    """Key of the task in its source; null: it was created here."""
    rank: int | None
    """Place in the Product Owner's order, from 1; null: none."""
    carried_over: bool
    """Whether work on the task has begun, or a sprint left it unfinished."""
    ready: bool
    """Whether every task that it depends on is completed."""
    waits_for: list[str]
    """Ids of the unfinished tasks that it depends on."""
    priority: int
    """Priority, 1 is the highest."""
    estimate: float | None
    """Estimate in the team's own unit; null: not estimated."""
    created_on: date
    """Day on which the task was created in its source, or stored here when that is not known."""
    age_days: int
    """Days from `created_on` to the day of the request; 0 for a task created after it."""
    version: int | None = None
    """Version of the task, which rises with every change; null: not stated."""
    assigned_to: str | None = None
    """Employee who works on the task; null: nobody."""
    begun: bool = False
    """Whether work on it has begun in its source."""
    source_sprint: str | None = None
    """Name of the sprint that runs in its source and has the task; null: none."""
