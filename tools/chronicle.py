"""Tools of the chronicle service: read velocity and impediments."""

from langchain_core.tools import BaseTool, StructuredTool

from domain_services.chronicle.client import ChronicleClient
from tools.arguments import ProjectArguments


def chronicle_tools(client: ChronicleClient) -> tuple[BaseTool, ...]:
    """Make get_velocity and get_impediments."""

    async def get_velocity(project_id: str) -> dict[str, object]:
        return (await client.velocity(project_id)).model_dump(mode="json")

    async def get_impediments(project_id: str) -> dict[str, object]:
        return (await client.impediments(project_id)).model_dump(mode="json")

    return (
        StructuredTool.from_function(
            coroutine=get_velocity,
            name="get_velocity",
            description="Tasks completed in each past sprint, with the trend and its error.",
            args_schema=ProjectArguments,
        ),
        StructuredTool.from_function(
            coroutine=get_impediments,
            name="get_impediments",
            description="Impediments of a project with how often and whether still open.",
            args_schema=ProjectArguments,
        ),
    )
