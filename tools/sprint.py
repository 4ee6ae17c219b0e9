"""Tools of the sprint service: create, close, cancel and list sprints."""

from typing import Any

from langchain_core.tools import BaseTool, StructuredTool

from domain_services.sprint.client import SprintClient
from domain_services.sprint.schema import SprintCreate
from tools.arguments import CancelSprint, CloseSprint, CreateSprint, ProjectArguments


def sprint_tools(client: SprintClient) -> tuple[BaseTool, ...]:
    """Make create_sprint, close_sprint, cancel_sprint and list_sprints."""

    # LangChain passes the validated arguments as keywords: `**` takes them as one type.
    async def create_sprint(**arguments: Any) -> dict[str, object]:
        request = CreateSprint(**arguments)
        body = SprintCreate(
            duration_weeks=request.duration_weeks,
            task_ids=request.task_ids,
            start_date=request.start_date,
            requested_by="orchestrator",
        )
        sprint = await client.create_sprint(request.project_id, body, key=request.idempotency_key)
        return sprint.model_dump(mode="json")

    async def close_sprint(**arguments: Any) -> dict[str, object]:
        request = CloseSprint(**arguments)
        sprint = await client.close_sprint(request.sprint_id, key=request.idempotency_key)
        return sprint.model_dump(mode="json")

    async def cancel_sprint(**arguments: Any) -> dict[str, object]:
        request = CancelSprint(**arguments)
        sprint = await client.cancel_sprint(
            request.sprint_id, request.reason, key=request.idempotency_key
        )
        return sprint.model_dump(mode="json")

    async def list_sprints(project_id: str) -> list[dict[str, object]]:
        sprints = await client.list_sprints(project_id)
        return [sprint.model_dump(mode="json") for sprint in sprints]

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
            coroutine=cancel_sprint,
            name="cancel_sprint",
            description="Cancel a sprint in which nobody has reported work; its tasks are free.",
            args_schema=CancelSprint,
        ),
        StructuredTool.from_function(
            coroutine=list_sprints,
            name="list_sprints",
            description="List the sprints of a project, newest first.",
            args_schema=ProjectArguments,
        ),
    )
