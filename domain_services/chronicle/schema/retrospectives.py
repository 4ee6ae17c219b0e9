"""Wire types of sprint retrospectives: the facts of a closed sprint."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from domain_services.chronicle.schema.action_items import ActionItem, ActionItemCreate, NamedTask
from domain_services.chronicle.schema.notes import MAX_TASKS, SprintWindowNote, check_distinct
from domain_services.chronicle.values import Day
from domain_services.events import ProgressSource
from domain_services.kernel.types import Answer, Count, EmployeeId, Prose, SprintId, Wire

# Retrospectives in one request.
MAX_BULK = 100
# Imported sprints of one project.
MAX_KEPT = 5000

TaskOutcomeStatus = Literal["open", "in-progress", "close"]
Origin = Literal["sprint_service", "import"]
Percentage = Annotated[int, Field(strict=True, ge=0, le=100)]


# An import may know no more than the finished tasks of a sprint
# (docs/adr/0021-past-windows-without-commitment.md).
class TaskOutcomeCreate(Wire):
    """State of a task when its sprint closed."""

    task_id: NamedTask
    """Id of the task; an import keeps the id of its source."""
    description: Prose
    """Title of the task."""
    status: TaskOutcomeStatus
    """Status at the end of the sprint."""
    employee_id: EmployeeId | None = None
    """Person who held the task; null: nobody did."""
    progress_percentage: Percentage = 0
    """Progress at the end of the sprint, in percent."""


TaskOutcomes = Annotated[list[TaskOutcomeCreate], Field(max_length=MAX_TASKS)]
ActionItems = Annotated[list[ActionItemCreate], Field(max_length=200)]


class SprintRetrospectiveCreate(SprintWindowNote):
    """Retrospective of one closed sprint, to be recorded.

    The sprint service sends all tasks of the sprint. An import may know only the finished ones:
    without `planned_tasks_count` no completion rate is computed then.
    """

    retrospective_id: UUID | None = None
    """Id of the retrospective; null: the chronicle makes one."""
    what_went_well: Prose = ""
    """Facts on the good side."""
    what_could_be_improved: Prose = ""
    """Facts on the bad side."""
    action_items: ActionItems = []
    """Action items in their order."""
    facilitator_id: EmployeeId | None = None
    """Person who led the retrospective; null: not known."""
    attendees: Annotated[list[EmployeeId], Field(max_length=500)] = []
    """People who took part."""
    tasks_summary: TaskOutcomes = []
    """Tasks of the sprint, each once."""
    origin: Origin = "sprint_service"
    """Source of the note: the sprint service, or imported history."""
    planned_tasks_count: Count | None = None
    """Tasks committed to at the start; null: not known."""
    open_at_start: Count | None = None
    """Open tasks of the project when the sprint began; null: not known."""
    tasks_created_during: Count | None = None
    """Tasks that came up while the sprint ran; null: not known."""
    ended_on: Day | None = None
    """Last day that the sprint ran, not after its planned last day; null: the planned one."""
    progress_source: ProgressSource | None = None
    """Origin of the sprint's progress; null: not known, and reported for an import."""
    worked: Annotated[bool, Field(strict=True)] = True
    """Whether the sprint counts as history: somebody worked, for long enough or to the end."""
    completed_outside: Count | None = None
    """Tasks of the project finished in the sprint's days outside it; null: not known."""
    completed_arrived: Count | None = None
    """Tasks finished in the sprint's days and created after it began; null: not known."""

    @model_validator(mode="after")
    def _check_tasks(self) -> "SprintRetrospectiveCreate":
        check_distinct([task.task_id for task in self.tasks_summary])
        return self

    @model_validator(mode="after")
    def _check_end(self) -> "SprintRetrospectiveCreate":
        if self.ended_on is not None and not self.start_date <= self.ended_on <= self.end_date:
            raise ValueError("ended_on is not a day from start_date to end_date")
        return self


class SprintRetrospectiveBulk(Wire):
    """Closed sprints of an import."""

    notes: Annotated[list[SprintRetrospectiveCreate], Field(min_length=1, max_length=MAX_BULK)]
    """Retrospectives, at most one a sprint."""

    @model_validator(mode="after")
    def _check_distinct(self) -> "SprintRetrospectiveBulk":
        ids = [note.retrospective_id for note in self.notes if note.retrospective_id]
        if len({note.sprint_id for note in self.notes}) < len(self.notes):
            raise ValueError("names a sprint twice")
        if len(set(ids)) < len(ids):
            raise ValueError("gives a retrospective_id twice")
        return self


class ImportedSprints(Wire):
    """Sprints of an import that replace those of earlier imports of the project."""

    notes: Annotated[list[SprintRetrospectiveCreate], Field(max_length=MAX_BULK)] = []
    """Imported retrospectives; one that is recorded otherwise is replaced."""
    keep: Annotated[list[SprintId], Field(max_length=MAX_KEPT)] | None = None
    """All imported sprints that the project has now, others are removed; null: none is."""

    @model_validator(mode="after")
    def _check_notes(self) -> "ImportedSprints":
        if len({note.sprint_id for note in self.notes}) < len(self.notes):
            raise ValueError("names a sprint twice")
        if any(note.origin != "import" for note in self.notes):
            raise ValueError("has a note that is no import; only imported sprints are replaced")
        if self.keep is not None and {note.sprint_id for note in self.notes} - set(self.keep):
            raise ValueError("removes a sprint of its own notes; name it in keep as well")
        return self


class ImportedReplaced(Answer):
    """Result of replacing the imported sprints of a project."""

    project_id: str
    """Id of the project."""
    created: int
    """Sprints that are new."""
    replaced: int
    """Sprints that were recorded otherwise before."""
    unchanged: int
    """Sprints that were recorded before with the same content."""
    removed: int
    """Sprints that the project no longer has."""


class BulkRecorded(Answer):
    """Result of recording many retrospectives."""

    created: int
    """Retrospectives that are new."""
    existing: int
    """Retrospectives that were recorded before with the same content."""


class TaskOutcome(Answer):
    """Recorded state of a task when its sprint closed."""

    task_id: str
    """Id of the task."""
    description: str
    """Title of the task."""
    status: TaskOutcomeStatus
    """Status at the end of the sprint."""
    employee_id: str | None
    """Person who held the task; null: nobody did."""
    progress_percentage: int
    """Progress at the end of the sprint, in percent."""


class SprintRetrospective(Answer):
    """Recorded retrospective of one closed sprint."""

    retrospective_id: UUID
    """Id of the retrospective."""
    sprint_id: str
    """The closed sprint."""
    project_id: str
    """The project of the sprint."""
    sprint_name: str
    """Name of the sprint for people."""
    start_date: date
    """First day of the sprint."""
    end_date: date
    """Last day of the sprint."""
    duration_weeks: int | None
    """Length in weeks; null: the dates alone give the length."""
    what_went_well: str
    """Facts on the good side."""
    what_could_be_improved: str
    """Facts on the bad side."""
    action_items: list[ActionItem]
    """Action items in their order, with their present status."""
    facilitator_id: str | None
    """Person who led the retrospective; null: not known."""
    attendees: list[str]
    """People who took part."""
    tasks_summary: list[TaskOutcome]
    """Tasks of the sprint; of an import perhaps only the finished ones."""
    origin: Origin
    """Source of the note: the sprint service, or imported history."""
    planned_tasks_count: int | None
    """Tasks committed to at the start; null: not known."""
    open_at_start: int | None
    """Open tasks of the project when the sprint began; null: not known."""
    tasks_created_during: int | None
    """Tasks that came up while the sprint ran; null: not known."""
    ended_on: date | None = None
    """Last day that the sprint ran; null: the planned one."""
    progress_source: ProgressSource | None = None
    """Origin of the sprint's progress; null: not known, and reported for an import."""
    worked: bool = True
    """Whether the sprint counts as history: somebody worked, for long enough or to the end."""
    completed_outside: int | None = None
    """Tasks of the project finished in the sprint's days outside it; null: not known."""
    completed_arrived: int | None = None
    """Tasks finished in the sprint's days and created after it began; null: not known."""
    completed_tasks: int
    """Tasks of status `close`."""
    total_tasks: int | None
    """All tasks of the sprint; null: only the finished ones are known."""
    created_at: datetime
    """Time of recording, UTC."""
