"""CronJobs: their store as a port, their names, and the tools of daily scrums."""

import hashlib
import re
from datetime import date, datetime
from typing import Any, Literal, Protocol

from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, ConfigDict

from tools.arguments import ChangeCronJob, CreateCronJob, DeleteCronJob

# Kubernetes appends 11 characters to a CronJob's name for each Job, whose name may have 63.
MAX_NAME_CHARACTERS = 52
# Author of the jobs that runs create.
ORCHESTRATOR = "project-orchestrator"

JobKind = Literal["daily_scrum", "orchestrate"]
"""Hold the daily scrum of a sprint, or decide on a project."""


class CronJob(BaseModel):
    """Schedule of a project's orchestration, or of one sprint's daily scrum."""

    model_config = ConfigDict(frozen=True)

    name: str
    """Name by `cronjob_name`, unique in the installation."""
    kind: JobKind = "daily_scrum"
    """Work that is done when the job is due."""
    project_id: str
    """Project that the job belongs to."""
    sprint_id: str | None = None
    """Sprint whose daily scrum is held; None for an orchestration."""
    schedule: str
    """Cron expression of five fields."""
    timezone: str
    """IANA time zone of the schedule."""
    ends_on: date | None = None
    """Last day of the sprint; nothing fires after it. None: no end."""
    created_by: str = ORCHESTRATOR
    """Person or program that created the job."""
    created_at: datetime | None = None
    """Moment of the creation; the store sets it."""
    starts_at: datetime | None = None
    """Earliest due time: creation, last change or resumption; the store sets it."""
    suspended_at: datetime | None = None
    """Moment since which nothing fires; None: it runs."""
    suspended_by: str | None = None
    """Person who suspended the job; None as above."""
    last_due_at: datetime | None = None
    """Due time of the last firing; None before the first."""

    @property
    def suspended(self) -> bool:
        """Tell whether the job is paused."""
        return self.suspended_at is not None


class CronJobs(Protocol):
    """Store of the schedules: a table in the embedded mode, the Kubernetes API in a cluster."""

    async def create(self, job: CronJob) -> CronJob:
        """Create `job`, or adopt the one of its name with the schedule of `job`.

        An adopted job stays suspended when it was. Raises: `Invalid` for a bad schedule.
        """
        ...

    async def change(self, project_id: str, name: str, schedule: str) -> bool:
        """Change the schedule of a job; False without one of that name. Raises: `Invalid`."""
        ...

    async def suspend(self, project_id: str, name: str, by: str) -> bool:
        """Stop a job's firing until it is resumed; False without one of that name."""
        ...

    async def resume(self, project_id: str, name: str) -> bool:
        """Let a suspended job fire again; False without one of that name."""
        ...

    async def delete(self, project_id: str, name: str) -> bool:
        """Delete a job of the project; return False when it has none of that name."""
        ...

    async def list_jobs(self, project_id: str) -> list[CronJob]:
        """List the project's jobs by name."""
        ...

    async def list_all(self) -> list[CronJob]:
        """List the jobs of all projects by name."""
        ...


def cronjob_name(sprint_id: str) -> str:
    """Make the DNS label `run-dailyscrum-<sprint>` of at most 52 characters."""
    return _label("run-dailyscrum", sprint_id)


def orchestration_name(project_id: str) -> str:
    """Make the DNS label `run-orchestrate-<project>` of at most 52 characters."""
    return _label("run-orchestrate", project_id)


def _label(prefix: str, owner: str) -> str:
    # The same owner has the same name always: creating its job again adopts the one there is. A
    # digest keeps shortened or lower-cased names apart.
    label = re.sub("[^a-z0-9-]+", "-", owner.lower()).strip("-")
    name = f"{prefix}-{label}"
    if len(name) <= MAX_NAME_CHARACTERS and label == owner.lower():
        return name
    digest = hashlib.sha256(owner.encode()).hexdigest()[:8]
    return f"{name[: MAX_NAME_CHARACTERS - 9].rstrip('-')}-{digest}"


def cronjob_tools(cronjobs: CronJobs) -> tuple[BaseTool, ...]:
    """Make create_cronjob, change_cronjob and delete_cronjob."""

    async def create_cronjob(**arguments: Any) -> dict[str, object]:
        request = CreateCronJob(**arguments)
        job = CronJob(
            name=cronjob_name(request.sprint_id),
            **request.model_dump(exclude={"idempotency_key"}),
        )
        return (await cronjobs.create(job)).model_dump(mode="json")

    async def change_cronjob(**arguments: Any) -> dict[str, object]:
        request = ChangeCronJob(**arguments)
        changed = await cronjobs.change(request.project_id, request.name, request.schedule)
        return {**request.model_dump(exclude={"idempotency_key"}), "changed": changed}

    async def delete_cronjob(**arguments: Any) -> dict[str, object]:
        request = DeleteCronJob(**arguments)
        await cronjobs.delete(request.project_id, request.name)
        # The event of the closed sprint may have deleted it a moment before.
        return {"name": request.name, "deleted": True}

    return (
        StructuredTool.from_function(
            coroutine=create_cronjob,
            name="create_cronjob",
            description="Schedule the daily scrum of a sprint.",
            args_schema=CreateCronJob,
        ),
        StructuredTool.from_function(
            coroutine=change_cronjob,
            name="change_cronjob",
            description="Change the schedule of a daily scrum.",
            args_schema=ChangeCronJob,
        ),
        StructuredTool.from_function(
            coroutine=delete_cronjob,
            name="delete_cronjob",
            description="Remove a schedule of the project.",
            args_schema=DeleteCronJob,
        ),
    )
