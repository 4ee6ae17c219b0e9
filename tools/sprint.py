"""Tools on the sprint service."""

from typing import Any

from langchain_core.tools import BaseTool, StructuredTool

from domain_services.sprint.client import SprintClient
from domain_services.sprint.schema import SprintCreate
from tools.arguments import CloseSprint, CreateSprint, OfProject


def sprint_tools(client: SprintClient) -> tuple[BaseTool, ...]:
    """create_sprint, close_sprint, list_sprints on `client`."""

    async def create_sprint(**given: Any) -> dict[str, Any]:
        wanted = CreateSprint(**given)
        body = SprintCreate(
            duration_weeks=wanted.duration_weeks,
            task_ids=wanted.task_ids,
            start_date=wanted.start_date,
            requested_by="orchestrator",
        )
        made = await client.create_sprint(wanted.project_id, body, key=wanted.idempotency_key)
        return made.model_dump(mode="json")

    async def close_sprint(**given: Any) -> dict[str, Any]:
        wanted = CloseSprint(**given)
        closed = await client.close_sprint(wanted.sprint_id, key=wanted.idempotency_key)
        return closed.model_dump(mode="json")

    async def list_sprints(project_id: str) -> list[dict[str, Any]]:
        return [each.model_dump(mode="json") for each in await client.list_sprints(project_id)]

    return (
        StructuredTool.from_function(
            coroutine=create_sprint,
            name="create_sprint",
            description="Start a sprint with exactly the tasks named.",
            args_schema=CreateSprint,
        ),
        StructuredTool.from_function(
            coroutine=close_sprint,
            name="close_sprint",
            description="Close a sprint; unfinished tasks go back to the backlog.",
            args_schema=CloseSprint,
        ),
        StructuredTool.from_function(
            coroutine=list_sprints,
            name="list_sprints",
            description="List the sprints of a project, newest first.",
            args_schema=OfProject,
        ),
    )
