"""Graph of `langgraph.json`: a factory for LangGraph's development server (`make studio`).

The server calls it for each access. Only a run opens clients: those of the stack on the folder that
DSM_DATA_DIR names, or of the services that DSM_DATABASE_URL and DSM_PEERS__* name.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from langgraph_sdk.runtime import ServerRuntime

from agent.bootstrap import open_look
from agent.cli.target import DATA_DIR_VARIABLE, DEFAULT_DATA_DIR
from agent.runs.tracing import allow_langsmith
from agent.settings import AgentSettings
from deploy.catalogue import SERVICES
from deploy.errors import StackError
from domain_services.kernel.client.http_client import tls
from domain_services.kernel.errors import Unavailable
from graphs.decision import Graph
from graphs.deps import Deps
from graphs.state import Mode
from graphs.studio import build_look


class NoStack(Unavailable):
    """Refusal of a run without services to read."""


@asynccontextmanager
async def decision(runtime: ServerRuntime[Any]) -> AsyncIterator[Graph]:
    """Make the decision graph; what a run needs is open until it ends."""
    async with AsyncExitStack() as stack:

        async def open_deps(project_id: str) -> tuple[Deps, Mode]:
            if not openers:
                settings = await asyncio.to_thread(read_settings)
                allow_langsmith(settings.tracing_langsmith)
                openers.append(await stack.enter_async_context(open_look(settings)))
            return await openers[0](project_id)

        openers: list[Any] = []
        yield build_look(open_deps)


def read_settings() -> AgentSettings:
    """Read the settings of the services to look at. Raises: `NoStack`."""
    tls()  # reads files, which must not be done in the server's loop
    if "DSM_DATABASE_URL" in os.environ:
        return AgentSettings()
    folder = Path(os.environ.get(DATA_DIR_VARIABLE) or DEFAULT_DATA_DIR)
    command = f"dsm up --detach --data-dir {folder}"
    try:
        return _of_folder(folder)
    except StackError as error:
        raise NoStack(f"{error}; start a stack by: {command}") from error


def _of_folder(folder: Path) -> AgentSettings:
    # Comes with the extra `local`.
    from deploy.local import keys
    from deploy.local.folder import DataFolder
    from deploy.local.servers import EmbeddedServers

    data = DataFolder(folder)
    state = data.state() if data.holder() is not None else None
    if state is None:
        raise StackError(f"no stack is running on {folder}")
    servers = EmbeddedServers(folder)
    servers.postgres.sockets = data.sockets
    spec = next(spec for spec in SERVICES if spec.name == "orchestrator")
    assert spec.database is not None  # it has one in the catalogue
    return AgentSettings.model_validate(
        {
            "port": state.base_port + spec.offset,
            "database_url": servers.database_url(spec.database, spec.role),
            "peers": state.urls,
            "auth": keys.auth(data, SERVICES, spec),
        }
    )
