"""Tools on the project service."""

from typing import Any

from langchain_core.tools import BaseTool, StructuredTool

from domain_services.project.client import ProjectClient
from tools.arguments import OfProject


def project_tools(client: ProjectClient) -> tuple[BaseTool, ...]:
    """get_project and check_availability on `client`."""

    async def get_project(project_id: str) -> dict[str, Any]:
        return (await client.get_project(project_id)).model_dump(mode="json")

    async def check_availability(project_id: str) -> dict[str, Any]:
        return (await client.check_availability(project_id)).model_dump(mode="json")

    return (
        StructuredTool.from_function(
            coroutine=get_project,
            name="get_project",
            description="Read a project: its calendar, mode and today.",
            args_schema=OfProject,
        ),
        StructuredTool.from_function(
            coroutine=check_availability,
            name="check_availability",
            description="Who of the team can work in the next two weeks.",
            args_schema=OfProject,
        ),
    )
