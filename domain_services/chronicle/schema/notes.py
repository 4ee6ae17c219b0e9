"""Wire types of sprint planning notes, and the fields that all notes of a sprint share."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from domain_services.chronicle.values import Day, Instant
from domain_services.kernel.types import (
    Answer,
    Line,
    ProjectId,
    Prose,
    SprintId,
    TaskId,
    Wire,
)

# Tasks in one note; as many fit into a body of 1 MiB.
MAX_TASKS = 2000

Weeks = Annotated[int, Field(strict=True, ge=1, le=52)]


def check_distinct(ids: list[str]) -> list[str]:
    """Refuse ids that name a task twice. Raises: `ValueError`."""
    if len(set(ids)) < len(ids):
        raise ValueError("names a task twice")
    return ids


def check_sprint(sprint_id: str, project_id: str) -> None:
    """Refuse a sprint of another project. Raises: `ValueError`."""
    if sprint_id.rpartition("-S")[0] != project_id:
        raise ValueError("the sprint_id is not one of the project")


TaskIds = Annotated[list[TaskId], Field(max_length=MAX_TASKS), AfterValidator(check_distinct)]


class SprintNote(Wire):
    """Base of notes about one sprint of one project."""

    sprint_id: SprintId
    """The sprint, e.g. P1-S01; its id begins with the project's."""
    project_id: ProjectId
    """The project of the sprint."""

    @model_validator(mode="after")
    def _check_project(self) -> "SprintNote":
        check_sprint(self.sprint_id, self.project_id)
        return self


class SprintCancellationCreate(SprintNote):
    """Cancellation of one sprint in which nobody worked, to be recorded."""

    reason: Prose | None = None
    """Reason for people; null: none was given."""
    cancelled_at: Instant
    """Time of the cancellation."""


class SprintWindowNote(SprintNote):
    """Base of notes that name the days of their sprint."""

    sprint_name: Line
    """Name of the sprint for people."""
    start_date: Day
    """First day of the sprint."""
    end_date: Day
    """Last day of the sprint, not before the first."""
    duration_weeks: Weeks | None = None
    """Length in weeks; null: the dates alone give the length."""

    @model_validator(mode="after")
    def _check_order(self) -> "SprintWindowNote":
        if self.end_date < self.start_date:
            raise ValueError("end_date is before start_date")
        return self


class NoteCreated(Answer):
    """Id of a recorded note."""

    message: str
    """Confirmation for people."""
    note_id: UUID
    """Id of the note; the same for the same content."""


class SprintPlanningCreate(SprintWindowNote):
    """Planning of one sprint, to be recorded."""

    sprint_goal: Prose | None = None
    """Goal of the sprint; null: none was set."""
    planned_tasks: TaskIds = []
    """Ids of the planned tasks, each once."""


class SprintPlanning(Answer):
    """Recorded planning of one sprint."""

    note_id: UUID
    """Id of the note."""
    sprint_id: str
    """The planned sprint."""
    project_id: str
    """The project of the sprint."""
    sprint_name: str
    """Name of the sprint for people."""
    sprint_goal: str | None
    """Goal of the sprint; null: none was set."""
    start_date: date
    """First day of the sprint."""
    end_date: date
    """Last day of the sprint."""
    duration_weeks: int | None
    """Length in weeks; null: the dates alone give the length."""
    planned_tasks: list[str]
    """Ids of the planned tasks."""
    created_at: datetime
    """Time of recording, UTC."""
