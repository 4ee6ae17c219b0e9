"""Argument types of the tools; a person approves or refuses a call by them."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field


class Arguments(BaseModel):
    """Base of the acting tools' arguments; unknown ones are refused."""

    # A misspelt argument of an acting tool must not be dropped in silence.
    model_config = ConfigDict(extra="forbid", frozen=True)

    idempotency_key: str | None = Field(
        default=None, description="the same key never acts twice; made by the guard of a run"
    )


class CreateSprint(Arguments):
    """Arguments of create_sprint."""

    project_id: str
    duration_weeks: int
    task_ids: list[str] = Field(description="exactly these tasks enter the sprint")
    start_date: date


class CloseSprint(Arguments):
    """Arguments of close_sprint."""

    sprint_id: str


class CancelSprint(Arguments):
    """Arguments of cancel_sprint."""

    sprint_id: str
    reason: str | None = Field(default=None, description="why, in words; stored with the sprint")


class CreateCronJob(Arguments):
    """Arguments of create_cronjob."""

    project_id: str
    sprint_id: str
    schedule: str = Field(description="five-field cron expression, e.g. 0 14 * * 1-5")
    timezone: str
    starts_on: date | None = Field(
        default=None, description="first day of the sprint; nothing fires before it"
    )
    ends_on: date = Field(description="last day of the sprint; nothing fires after it")


class ChangeCronJob(Arguments):
    """Arguments of change_cronjob."""

    project_id: str
    name: str
    schedule: str = Field(description="five-field cron expression, e.g. 0 14 * * 1-5")
    timezone: str = Field(description="IANA time zone of the schedule")


class NamedCronJob(Arguments):
    """Arguments of suspend_cronjob and resume_cronjob."""

    project_id: str
    name: str


class DeleteCronJob(Arguments):
    """Arguments of delete_cronjob."""

    project_id: str
    name: str


class ProjectArguments(BaseModel):
    """Arguments of the reading tools."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    project_id: str
