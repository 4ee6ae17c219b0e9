"""Wire types of schedules: what runs by itself, when, and with which result."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from agent.schema import Schedule
from domain_services.kernel.types import Answer, UtcMoment, Wire
from tools.cronjobs import JobKind, ProjectKind

ScheduleState = Literal["active", "paused", "resting", "ended", "pending", "refused"]
"""`resting`: the project is held at a day, or inactive. `ended`: it is not due any more.

`pending` and `refused`: the cluster does not have it yet, or does not take it.
"""


class ScheduleCreate(Wire):
    """Request for a new schedule of a project."""

    kind: ProjectKind = "orchestrate"
    """`orchestrate` decides on the project; `daily_scrum` is for the sprint in progress."""
    schedule: Annotated[Schedule, Field(examples=["0 8 * * 1-5"])]
    """Five cron fields, in the project's time zone."""


class ScheduleChange(Wire):
    """Change of a schedule; absent fields stay as they are."""

    schedule: Annotated[Schedule | None, Field(examples=["30 9 * * 1-5"])] = None
    """Five cron fields; null: as before."""
    paused: Annotated[bool | None, Field(strict=True)] = None
    """True pauses the schedule, false resumes it; null: as before."""

    @model_validator(mode="after")
    def _changes_something(self) -> "ScheduleChange":
        if self.schedule is None and self.paused is None:
            raise ValueError("names nothing to change; name `schedule` or `paused`")
        return self


class ScheduledJob(Answer):
    """A schedule: when it runs, and what it did last."""

    name: str
    """Name of the schedule, unique in the installation."""
    kind: JobKind
    """Work of the schedule; the last three are the installation's own."""
    project_id: str | None
    """Project that it belongs to; null for the installation's own."""
    sprint_id: str | None
    """Sprint whose daily scrum it holds; null for other kinds."""
    schedule: str
    """Five cron fields."""
    timezone: str
    """IANA name of the time zone of the schedule."""
    in_words: str
    """The schedule in words."""
    state: ScheduleState
    """Whether it runs."""
    state_reason: str | None
    """Why it does not run; null for an active one."""
    paused: bool
    """True when a person paused it."""
    paused_by: str | None
    """Name of the API key; null unless paused."""
    paused_at: datetime | None
    """Moment of the pause; null unless paused."""
    next_run: datetime | None
    """Next due time; null for a schedule that does not run."""
    last_run: datetime | None
    """Moment at which it last ended its work; null before the first time."""
    last_result: str | None
    """What it did then, or why it did nothing; null before the first time."""
    last_run_id: UUID | None
    """Run that it started then; null without one."""
    starts_on: date | None
    """First day of the sprint; null without such a day."""
    ends_on: date | None
    """Last day of the sprint; null without an end."""
    created_by: str
    """Person or program that created it."""
    created_at: datetime | None
    """Moment of the creation; null for the installation's own."""
    warning: str | None
    """Warning of a clock change that skips or repeats its time, or of another zone; or null."""


class ScheduleDeleted(Answer):
    """Confirmation of a deletion."""

    message: str
    """The deletion and its effect in words."""
    name: str
    """Name of the deleted schedule."""


class ScheduleFiring(Wire):
    """Request to do the work of a schedule."""

    due_at: Annotated[UtcMoment | None, Field(examples=["2026-03-02T14:00:00Z"])] = None
    """Time that was due; null: now."""


class ScheduleFired(Answer):
    """Result of a firing."""

    name: str
    """Name of the schedule."""
    due_at: datetime
    """Time that was due."""
    fired: bool
    """False when the work is not to be done at that time, or was done already."""
    result: str
    """What was done, or why nothing was, in words."""
    run_id: UUID | None
    """Run that was started; null without one."""
