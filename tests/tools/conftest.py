"""Tools over real services, as a model and as a program call them."""

from collections.abc import Mapping
from typing import Any

import pytest
from langchain_core.tools import BaseTool

from agent.client import OrchestratorClient
from domain_services.backlog.client import BacklogClient
from domain_services.chronicle.client import ChronicleClient
from domain_services.project.client import ProjectClient
from domain_services.sprint.client import SprintClient
from tests.graphs.conftest import System, system
from tools.registry import Toolbox

__all__ = ["system"]


class NoCronJobs:
    """Schedules of an installation that has none."""

    async def list_jobs(self, project_id: str) -> list[Any]:
        return []


@pytest.fixture
async def whole(system: System) -> System:
    """Start every service but the embeddings, which a decision can do without."""
    await system.start("project", "backlog", "chronicle", "sprint", "orchestrator")
    return system


@pytest.fixture
def toolbox(whole: System) -> Toolbox:
    """Make the tools over the services of the test."""
    return toolbox_of(whole)


def toolbox_of(system: System) -> Toolbox:
    http, urls = system.http, system.urls
    cronjobs: Any = NoCronJobs()
    return Toolbox(
        ProjectClient(http, urls["project"]),
        BacklogClient(http, urls["backlog"]),
        SprintClient(http, urls["sprint"]),
        ChronicleClient(http, urls["chronicle"]),
        cronjobs,
        OrchestratorClient(http, urls["orchestrator"]),
    )


def by_name(toolbox: Toolbox) -> Mapping[str, BaseTool]:
    return {tool.name: tool for tool in (*toolbox.read, *toolbox.write)}


async def call(toolbox: Toolbox, name: str, **arguments: Any) -> dict[str, Any]:
    """Call a tool as a program does."""
    return await by_name(toolbox)[name].ainvoke(arguments)


async def ask(tool: BaseTool, arguments: Mapping[str, Any], thread: str = "t1") -> Any:
    """Call a tool as a model does, and return the message."""
    request = {"name": tool.name, "args": dict(arguments), "id": "c1", "type": "tool_call"}
    return await tool.ainvoke(request, {"configurable": {"thread_id": thread}})
