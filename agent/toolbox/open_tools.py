"""Tools of a running stack, for an agent of one's own.

async with open_tools(Path(".dsm")) as tools:
    agent = create_agent(model, tools)
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from langchain_core.tools import BaseTool

from agent.cli.connect import Clients, connect
from agent.cli.target import Target
from agent.client import OrchestratorClient
from agent.schedules.schema import ScheduledJob
from agent.toolbox.approval_requests import in_short, request_of
from memory.decision import PlannedCall
from tools.for_models import RequestApproval, for_model
from tools.registry import Toolbox


@asynccontextmanager
async def open_tools(
    target: Target | Path, program: str = "an agent"
) -> AsyncIterator[tuple[BaseTool, ...]]:
    """Open the tools of a model: reads, and writes that ask a person; a viewer's key reads.

    `target` is the data folder of a running stack, or names services and a key. `program` says to
    the person what asks. Raises: `NotRunning`, `NotReached`, `KeyRefused`, `Invalid`, `StackError`.
    """
    async with connect(target) as clients:
        identity = await clients.orchestrator.caller()
        toolbox = toolbox_of(clients)
        if identity.role == "viewer":
            yield toolbox.read
        else:
            yield for_model(toolbox, requests_by(clients.orchestrator, program))


def requests_by(orchestrator: OrchestratorClient, program: str) -> RequestApproval:
    """Ask over HTTP, with the key of the client; `program` says what asks, for the person."""

    async def request_approval(call: PlannedCall, project_id: str, key: str) -> dict[str, Any]:
        request = request_of(call, project_id, program)
        return in_short(await orchestrator.ask_for_call(request, key))

    return request_approval


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


class ListedSchedules:
    """Schedules as the orchestrator lists them; a change of one is a request for approval."""

    def __init__(self, orchestrator: OrchestratorClient) -> None:
        self._orchestrator = orchestrator

    async def list_jobs(self, project_id: str) -> list[ScheduledJob]:
        """List the project's schedules."""
        return await self._orchestrator.list_schedules(project_id)
