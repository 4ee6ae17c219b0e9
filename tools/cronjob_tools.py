"""Tools over the port of the schedules, the same on one machine and in a cluster."""

from collections.abc import Awaitable, Callable
from typing import Any

from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel

from tools.arguments import (
    ChangeCronJob,
    CreateCronJob,
    DeleteCronJob,
    NamedCronJob,
    ProjectArguments,
)
from tools.cronjobs import ORCHESTRATOR, CronJob, CronJobs, cronjob_name

Call = Callable[..., Awaitable[Any]]


def cronjob_tools(cronjobs: CronJobs) -> tuple[BaseTool, ...]:
    """Make the tools that create, change, suspend, resume, delete and list schedules."""
    calls = _Calls(cronjobs)
    return (
        _tool(calls.create_cronjob, CreateCronJob),
        _tool(calls.change_cronjob, ChangeCronJob),
        _tool(calls.delete_cronjob, DeleteCronJob),
        _tool(calls.suspend_cronjob, NamedCronJob),
        _tool(calls.resume_cronjob, NamedCronJob),
        _tool(calls.list_cronjobs, ProjectArguments),
    )


def _tool(call: Call, arguments: type[BaseModel]) -> BaseTool:
    """Make a tool of a method: its name and the docstring are what an agent reads."""
    return StructuredTool.from_function(
        coroutine=call, name=call.__name__, description=call.__doc__, args_schema=arguments
    )


class _Calls:
    """Calls of the port, with arguments and answers of plain JSON."""

    def __init__(self, cronjobs: CronJobs) -> None:
        self._cronjobs = cronjobs

    async def create_cronjob(self, **arguments: Any) -> dict[str, object]:
        """Schedule the daily scrum of a sprint."""
        request = CreateCronJob(**arguments)
        job = CronJob(
            name=cronjob_name(request.sprint_id),
            **request.model_dump(exclude={"idempotency_key"}),
        )
        return (await self._cronjobs.create(job)).model_dump(mode="json")

    async def change_cronjob(self, **arguments: Any) -> dict[str, object]:
        """Change the times of a daily scrum."""
        request = ChangeCronJob(**arguments)
        changed = await self._cronjobs.change(
            request.project_id, request.name, request.schedule, request.timezone
        )
        return {**request.model_dump(exclude={"idempotency_key"}), "changed": changed}

    async def delete_cronjob(self, **arguments: Any) -> dict[str, object]:
        """Remove a schedule of the project."""
        request = DeleteCronJob(**arguments)
        await self._cronjobs.delete(request.project_id, request.name)
        # The event of the closed sprint may have deleted it a moment before.
        return {"name": request.name, "deleted": True}

    async def suspend_cronjob(self, **arguments: Any) -> dict[str, object]:
        """Pause a schedule of the project until it is resumed."""
        request = NamedCronJob(**arguments)
        suspended = await self._cronjobs.suspend(request.project_id, request.name, ORCHESTRATOR)
        return {"name": request.name, "suspended": suspended}

    async def resume_cronjob(self, **arguments: Any) -> dict[str, object]:
        """Resume a paused schedule; what was due in the pause is not made up for."""
        request = NamedCronJob(**arguments)
        resumed = await self._cronjobs.resume(request.project_id, request.name)
        return {"name": request.name, "resumed": resumed}

    async def list_cronjobs(self, project_id: str) -> list[dict[str, object]]:
        """List the project's schedules, with what the scheduler has of each."""
        jobs = await self._cronjobs.list_jobs(project_id)
        return [job.model_dump(mode="json") for job in jobs]
