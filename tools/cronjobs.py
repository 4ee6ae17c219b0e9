"""CronJobs of daily scrums: the port, its tools, and the one way they are named."""

import hashlib
import re
from datetime import date, datetime
from typing import Any, Protocol

from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, ConfigDict

from tools.arguments import CreateCronJob, DeleteCronJob

MAX_NAME_CHARACTERS = 52  # Kubernetes appends 11 to a CronJob's name and allows 63 for the Job's


class CronJob(BaseModel):
    """A schedule of one sprint's daily scrum."""

    model_config = ConfigDict(frozen=True)

    name: str
    project_id: str
    sprint_id: str
    schedule: str
    timezone: str
    ends_on: date
    last_due_at: datetime | None = None


class CronJobs(Protocol):
    """Where schedules live: a table in the embedded mode, the Kubernetes API in a cluster."""

    async def create(self, job: CronJob) -> CronJob:
        """Create `job`, or adopt the one of its name. Raises: `Invalid` for a bad schedule."""
        ...

    async def delete(self, project_id: str, name: str) -> bool:
        """Delete the project's own job; False when it has none of that name."""
        ...

    async def list_jobs(self, project_id: str) -> list[CronJob]:
        """The project's jobs by name."""
        ...


def cronjob_name(sprint_id: str) -> str:
    """`run-dailyscrum-<sprint>` as a DNS label of at most 52 characters, the same for ever."""
    label = re.sub("[^a-z0-9-]+", "-", sprint_id.lower()).strip("-")
    name = f"run-dailyscrum-{label}"
    if len(name) <= MAX_NAME_CHARACTERS and label == sprint_id.lower():
        return name
    digest = hashlib.sha256(sprint_id.encode()).hexdigest()[:8]
    return f"{name[: MAX_NAME_CHARACTERS - 9].rstrip('-')}-{digest}"


def cronjob_tools(cronjobs: CronJobs) -> tuple[BaseTool, ...]:
    """create_cronjob and delete_cronjob on `cronjobs`."""

    async def create_cronjob(**given: Any) -> dict[str, Any]:
        wanted = CreateCronJob(**given)
        job = CronJob(
            name=cronjob_name(wanted.sprint_id),
            **wanted.model_dump(exclude={"idempotency_key"}),
        )
        return (await cronjobs.create(job)).model_dump(mode="json")

    async def delete_cronjob(**given: Any) -> dict[str, Any]:
        wanted = DeleteCronJob(**given)
        return {
            "name": wanted.name,
            "deleted": await cronjobs.delete(wanted.project_id, wanted.name),
        }

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
