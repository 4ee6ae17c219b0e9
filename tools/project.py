"""Tools of the project service: read a project and its team's availability."""

from langchain_core.tools import BaseTool, StructuredTool

from domain_services.project.client import ProjectClient
from tools.arguments import ProjectArguments


def project_tools(client: ProjectClient) -> tuple[BaseTool, ...]:
    """Make get_project and check_availability."""

    async def get_project(project_id: str) -> dict[str, object]:
        return (await client.get_project(project_id)).model_dump(mode="json")

    async def check_availability(project_id: str) -> dict[str, object]:
        return (await client.check_availability(project_id)).model_dump(mode="json")

    return (
        StructuredTool.from_function(
            coroutine=get_project,
            name="get_project",
            description="Read a project: its calendar, mode and today.",
            args_schema=ProjectArguments,
        ),
        StructuredTool.from_function(
            coroutine=check_availability,
            name="check_availability",
            description="Who of the team can work in the next two weeks.",
            args_schema=ProjectArguments,
        ),
    )
