"""Tools of the backlog service: list and count tasks."""

from langchain_core.tools import BaseTool, StructuredTool

from domain_services.backlog.client import BacklogClient
from tools.arguments import ProjectArguments


def backlog_tools(client: BacklogClient) -> tuple[BaseTool, ...]:
    """Make list_unassigned_tasks and summarise_backlog."""

    async def list_unassigned_tasks(project_id: str) -> list[dict[str, object]]:
        tasks = await client.list_tasks(project_id, status="unassigned")
        return [task.model_dump(mode="json") for task in tasks]

    async def summarise_backlog(project_id: str) -> dict[str, object]:
        return (await client.get_summary(project_id)).model_dump(mode="json")

    return (
        StructuredTool.from_function(
            coroutine=list_unassigned_tasks,
            name="list_unassigned_tasks",
            description="List the tasks that can be planned, in planning order.",
            args_schema=ProjectArguments,
        ),
        StructuredTool.from_function(
            coroutine=summarise_backlog,
            name="summarise_backlog",
            description="Count the tasks of a backlog by status.",
            args_schema=ProjectArguments,
        ),
    )
