"""MCP over standard input and output, for a client that starts this program."""

from typing import Any, cast

from mcp.server.stdio import stdio_server

from agent.approval_requests import in_short, request_of
from agent.cli.connect import Clients, connect
from agent.cli.target import Target
from agent.client import OrchestratorClient
from agent.mcp.server import Caller, ToolServer
from agent.schedules.schema import ScheduledJob
from memory.decision import PlannedCall
from tools.for_models import for_model
from tools.registry import Toolbox


class ListedSchedules:
    """Schedules as the orchestrator lists them; a change of one is a request for approval."""

    def __init__(self, orchestrator: OrchestratorClient) -> None:
        self._orchestrator = orchestrator

    async def list_jobs(self, project_id: str) -> list[ScheduledJob]:
        """List the project's schedules."""
        return await self._orchestrator.list_schedules(project_id)


async def serve_stdio(target: Target) -> None:
    """Serve the tools until the input ends.

    Raises: `NotRunning`, `NotReached`, `KeyRefused`, `Invalid`, `StackError` before the first
    message is read.
    """
    async with connect(target) as clients:
        identity = await clients.orchestrator.caller()
        caller = Caller(identity.name, identity.role, "stdio")

        async def request_approval(call: PlannedCall, project_id: str) -> dict[str, Any]:
            request = request_of(call, project_id, "a client of dsm mcp")
            return in_short(await clients.orchestrator.ask_for_call(request))

        tools = for_model(toolbox_of(clients), request_approval)
        server = ToolServer(tools, lambda _: caller).build()
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())


def toolbox_of(clients: Clients) -> Toolbox:
    """Make the tools over the clients of a command."""
    return Toolbox(
        clients.project,
        clients.backlog,
        clients.sprint,
        clients.chronicle,
        # The writes that would use more of the port only ask for approval.
        cast(Any, ListedSchedules(clients.orchestrator)),
        clients.orchestrator,
    )
