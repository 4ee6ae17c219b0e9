"""Finds the running stack of a data folder and opens typed clients with its admin key."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from agent.client import OrchestratorClient
from deploy.local.extra import require_servers
from deploy.local.folder import DataFolder
from domain_services.backlog.client import BacklogClient
from domain_services.chronicle.client import ChronicleClient
from domain_services.kernel.errors import Problem
from domain_services.kernel.messaging.dead_letters.client import DeadLettersClient
from domain_services.project.client import ProjectClient
from domain_services.sprint.client import SprintClient

TIMEOUT_SECONDS = 10.0
CONSUMERS = ("backlog", "sprint", "orchestrator")  # the services that consume events


class NotRunning(Problem):
    code = "not_running"
    title = "No stack is running"


@dataclass(frozen=True)
class Clients:
    project: ProjectClient
    backlog: BacklogClient
    sprint: SprintClient
    chronicle: ChronicleClient
    orchestrator: OrchestratorClient
    dead_letters: Mapping[str, DeadLettersClient]


@asynccontextmanager
async def connect(data_dir: Path) -> AsyncIterator[Clients]:
    """Clients of the stack that runs on `data_dir`. Raises: `NotRunning`, `StackError`."""
    require_servers()
    from deploy.local import control

    found = control.status(data_dir)
    if found.state is None:
        start = f"dsm up --detach --data-dir {data_dir}"
        raise NotRunning(f"no stack is running on {data_dir}; start it with: {start}")
    urls = found.state.urls
    headers = {"Authorization": f"Bearer {DataFolder(data_dir).key('admin')}"}
    async with httpx.AsyncClient(headers=headers, timeout=TIMEOUT_SECONDS) as http:
        yield Clients(
            project=ProjectClient(http, urls["project"]),
            backlog=BacklogClient(http, urls["backlog"]),
            sprint=SprintClient(http, urls["sprint"]),
            chronicle=ChronicleClient(http, urls["chronicle"]),
            orchestrator=OrchestratorClient(http, urls["orchestrator"]),
            dead_letters={name: DeadLettersClient(http, urls[name], name) for name in CONSUMERS},
        )
