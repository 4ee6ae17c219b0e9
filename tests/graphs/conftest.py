"""The orchestrator over real services, any of which a test may leave out."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from agent.app import create_app as create_agent
from agent.settings import AgentSettings
from domain_services.backlog.app import create_app as create_backlog
from domain_services.backlog.settings import BacklogSettings
from domain_services.chronicle.app import create_app as create_chronicle
from domain_services.chronicle.settings import ChronicleSettings
from domain_services.daily_scrum.app import create_app as create_daily_scrum
from domain_services.daily_scrum.settings import DailyScrumSettings
from domain_services.kernel.client.http_client import tls
from domain_services.project.app import create_app as create_project
from domain_services.project.settings import ProjectSettings
from domain_services.sprint.app import create_app as create_sprint
from domain_services.sprint.settings import SprintSettings
from tests.conftest import ADMIN_KEY, AUTH, serving
from tests.ports import free_port

_SERVICES: dict[str, tuple[Any, Any, str]] = {
    "project": (create_project, ProjectSettings, "domain_services.project"),
    "backlog": (create_backlog, BacklogSettings, "domain_services.backlog"),
    "chronicle": (create_chronicle, ChronicleSettings, "domain_services.chronicle"),
    "sprint": (create_sprint, SprintSettings, "domain_services.sprint"),
    "daily_scrum": (create_daily_scrum, DailyScrumSettings, "domain_services.daily_scrum"),
    "orchestrator": (create_agent, AgentSettings, "memory"),
}


@dataclass
class System:
    """Services that are started on demand; one that is not started refuses connections."""

    stack: AsyncExitStack
    database_url: Callable[[str], str]
    redis_url: str
    http: httpx.AsyncClient
    urls: dict[str, str] = field(default_factory=dict)
    databases: dict[str, str] = field(default_factory=dict)
    running: dict[str, AsyncExitStack] = field(default_factory=dict)
    apps: dict[str, FastAPI] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [*_SERVICES, "embedding"]
        self.urls = {name: f"http://127.0.0.1:{free_port()}" for name in names}

    async def start(self, *names: str, **settings: Any) -> None:
        """Start services on their databases of this test."""
        for name in names:
            create, kind, package = _SERVICES[name]
            url = self.databases.setdefault(name, self.database_url(package))
            port = int(self.urls[name].rsplit(":", 1)[1])
            app = create(
                kind(
                    port=port,
                    database_url=url,
                    redis_url=self.redis_url,
                    peers=self.urls,
                    auth=AUTH,
                    **settings,
                )
            )
            self.apps[name] = app
            self.running[name] = await self.stack.enter_async_context(AsyncExitStack())
            await self.running[name].enter_async_context(serving(app, port))

    async def stop(self, name: str) -> None:
        """Stop a service."""
        await self.running.pop(name).aclose()

    async def post(self, service: str, path: str, body: Any = None) -> httpx.Response:
        return await self.http.post(self.urls[service] + path, json=body)

    async def make_project(self, project_id: str, tasks: int) -> None:
        """Create a project with unassigned tasks."""
        project = {"id": project_id, "name": project_id, "progress_mode": "reported"}
        await self.post("project", "/projects", project)
        new = [{"title": f"Task {number}"} for number in range(tasks)]
        await self.post("backlog", f"/backlogs/{project_id}/tasks", {"tasks": new})

    async def orchestrate(self, project_id: str, **body: Any) -> httpx.Response:
        return await self.post("orchestrator", f"/orchestrate/project/{project_id}", body)


@pytest.fixture
async def system(database_url: Callable[[str], str], redis_url: str) -> AsyncIterator[System]:
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    async with (
        httpx.AsyncClient(headers=headers, timeout=20, verify=tls()) as http,
        AsyncExitStack() as stack,
    ):
        yield System(stack, database_url, redis_url, http)
