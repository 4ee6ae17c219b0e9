"""MCP over standard input and output, for a client that starts this program."""

from mcp.server.stdio import stdio_server

from agent.cli.connect import connect
from agent.cli.target import Target
from agent.mcp.server import Caller, ToolServer
from agent.toolbox.open_tools import requests_by, toolbox_of
from tools.for_models import for_model


async def serve_stdio(target: Target) -> None:
    """Serve the tools until the input ends.

    Raises: `NotRunning`, `NotReached`, `KeyRefused`, `Invalid`, `StackError` before the first
    message is read.
    """
    async with connect(target) as clients:
        identity = await clients.orchestrator.caller()
        caller = Caller(identity.name, identity.role, "stdio")

        tools = for_model(
            toolbox_of(clients), requests_by(clients.orchestrator, "a client of dsm mcp")
        )
        server = ToolServer(tools, lambda _: caller).build()
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())
