"""Connection of commands to the running stack of a data folder."""

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
from domain_services.kernel.client.dead_letters import DeadLettersClient
from domain_services.kernel.errors import Problem
from domain_services.project.client import ProjectClient
from domain_services.sprint.client import SprintClient

TIMEOUT_SECONDS = 10.0
CONSUMERS = ("backlog", "sprint", "orchestrator")  # the services that consume events


class NotRunning(Problem):
    """Error of a data folder on which no stack runs."""

    code = "not_running"
    title = "No stack is running"


@dataclass(frozen=True)
class Clients:
    """Clients of the running services, with the admin's key."""

    project: ProjectClient
    """Client of the project service."""
    backlog: BacklogClient
    """Client of the backlog service."""
    sprint: SprintClient
    """Client of the sprint service."""
    chronicle: ChronicleClient
    """Client of the chronicle."""
    orchestrator: OrchestratorClient
    """Client of the orchestrator."""
    dead_letters: Mapping[str, DeadLettersClient]
    """Client of the failed events of each consumer, by the service's name."""


@asynccontextmanager
async def connect(data_dir: Path) -> AsyncIterator[Clients]:
    """Open clients of the stack that runs on `data_dir`. Raises: `NotRunning`, `StackError`."""
    # Checked before the import below, which needs the optional packages.
    require_servers()
    from deploy.local import control

    status = control.status(data_dir)
    if status.state is None:
        start = f"dsm up --detach --data-dir {data_dir}"
        raise NotRunning(f"no stack is running on {data_dir}; start it with: {start}")
    urls = status.state.urls
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
