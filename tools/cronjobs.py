"""CronJobs of daily scrums: where they are stored, their tools and their names."""

import hashlib
import re
from datetime import date, datetime
from typing import Any, Protocol

from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, ConfigDict

from tools.arguments import CreateCronJob, DeleteCronJob

# Kubernetes appends 11 characters to a CronJob's name for each Job, whose name may have 63.
MAX_NAME_CHARACTERS = 52


class CronJob(BaseModel):
    """Schedule of one sprint's daily scrum."""

    model_config = ConfigDict(frozen=True)

    name: str
    """Name by `cronjob_name`, unique in the installation."""
    project_id: str
    """Project of the sprint."""
    sprint_id: str
    """Sprint whose daily scrum runs."""
    schedule: str
    """Cron expression of five fields."""
    timezone: str
    """IANA time zone of the schedule."""
    ends_on: date
    """Last day of the sprint; nothing fires after it."""
    last_due_at: datetime | None = None
    """Moment of the last firing; None before the first."""


class CronJobs(Protocol):
    """Store of the schedules: a table in the embedded mode, the Kubernetes API in a cluster."""

    async def create(self, job: CronJob) -> CronJob:
        """Create `job`, or adopt the one of its name. Raises: `Invalid` for a bad schedule."""
        ...

    async def delete(self, project_id: str, name: str) -> bool:
        """Delete a job of the project; return False when it has none of that name."""
        ...

    async def list_jobs(self, project_id: str) -> list[CronJob]:
        """List the project's jobs by name."""
        ...


def cronjob_name(sprint_id: str) -> str:
    """Make the DNS label `run-dailyscrum-<sprint>` of at most 52 characters."""
    # The same sprint has the same name always: creating its job again adopts the one there is. A
    # digest keeps shortened or lower-cased names apart.
    label = re.sub("[^a-z0-9-]+", "-", sprint_id.lower()).strip("-")
    name = f"run-dailyscrum-{label}"
    if len(name) <= MAX_NAME_CHARACTERS and label == sprint_id.lower():
        return name
    digest = hashlib.sha256(sprint_id.encode()).hexdigest()[:8]
    return f"{name[: MAX_NAME_CHARACTERS - 9].rstrip('-')}-{digest}"


def cronjob_tools(cronjobs: CronJobs) -> tuple[BaseTool, ...]:
    """Make create_cronjob and delete_cronjob."""

    async def create_cronjob(**arguments: Any) -> dict[str, object]:
        request = CreateCronJob(**arguments)
        job = CronJob(
            name=cronjob_name(request.sprint_id),
            **request.model_dump(exclude={"idempotency_key"}),
        )
        return (await cronjobs.create(job)).model_dump(mode="json")

    async def delete_cronjob(**arguments: Any) -> dict[str, object]:
        request = DeleteCronJob(**arguments)
        deleted = await cronjobs.delete(request.project_id, request.name)
        return {"name": request.name, "deleted": deleted}

    return (
        StructuredTool.from_function(
            coroutine=create_cronjob,
            name="create_cronjob",
            description="Schedule the daily scrum of a sprint.",
            args_schema=CreateCronJob,
        ),
        StructuredTool.from_function(
            coroutine=delete_cronjob,
            name="delete_cronjob",
            description="Remove a schedule of the project.",
            args_schema=DeleteCronJob,
        ),
    )
