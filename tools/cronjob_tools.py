"""Tools over the port of the schedules, the same on one machine and in a cluster."""

from typing import Any

from langchain_core.tools import BaseTool, StructuredTool

from tools.arguments import (
    ChangeCronJob,
    CreateCronJob,
    DeleteCronJob,
    NamedCronJob,
    ProjectArguments,
)
from tools.cronjobs import ORCHESTRATOR, CronJob, CronJobs, cronjob_name


def cronjob_tools(cronjobs: CronJobs) -> tuple[BaseTool, ...]:
    """Make the tools that create, change, suspend, resume, delete and list schedules."""

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

    async def suspend_cronjob(**arguments: Any) -> dict[str, object]:
        request = NamedCronJob(**arguments)
        suspended = await cronjobs.suspend(request.project_id, request.name, ORCHESTRATOR)
        return {"name": request.name, "suspended": suspended}

    async def resume_cronjob(**arguments: Any) -> dict[str, object]:
        request = NamedCronJob(**arguments)
        resumed = await cronjobs.resume(request.project_id, request.name)
        return {"name": request.name, "resumed": resumed}

    async def list_cronjobs(project_id: str) -> list[dict[str, object]]:
        return [job.model_dump(mode="json") for job in await cronjobs.list_jobs(project_id)]

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
        StructuredTool.from_function(
            coroutine=suspend_cronjob,
            name="suspend_cronjob",
            description="Pause a schedule of the project until it is resumed.",
            args_schema=NamedCronJob,
        ),
        StructuredTool.from_function(
            coroutine=resume_cronjob,
            name="resume_cronjob",
            description="Resume a paused schedule; what was due in the pause is not made up for.",
            args_schema=NamedCronJob,
        ),
        StructuredTool.from_function(
            coroutine=list_cronjobs,
            name="list_cronjobs",
            description="List the project's schedules, with what the scheduler has of each.",
            args_schema=ProjectArguments,
        ),
    )
