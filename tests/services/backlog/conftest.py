"""A backlog service beside a real project service, both over HTTP."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from domain_services.backlog.app import create_app
from domain_services.backlog.client import BacklogClient
from domain_services.backlog.settings import BacklogSettings
from domain_services.kernel.settings import Peers
from domain_services.project.app import create_app as create_project_app
from domain_services.project.settings import ProjectSettings
from tests.conftest import AUTH, Serve
from tests.ports import free_port

MakeSettings = Callable[..., BacklogSettings]


@pytest.fixture
def serve(database_url: Callable[[str], str], redis_url: str, serve: Serve) -> Serve:
    """The services end before their databases are dropped."""
    return serve


@pytest.fixture
def backlog_settings(database_url: Callable[[str], str], redis_url: str) -> MakeSettings:
    """Settings of a backlog service on one database of this test."""
    url = SecretStr(database_url("domain_services.backlog"))

    def make(**values: Any) -> BacklogSettings:
        base = {"database_url": url, "redis_url": SecretStr(redis_url), "auth": AUTH}
        return BacklogSettings(**(base | {"port": free_port()} | values))

    return make


@pytest.fixture
async def project_url(
    serve: Serve,
    database_url: Callable[[str], str],
    http: httpx.AsyncClient,
) -> str:
    """A project service that knows P1 and P2, and the people E001 and E002."""
    settings = ProjectSettings(
        port=free_port(),
        database_url=SecretStr(database_url("domain_services.project")),
        auth=AUTH,  # pyright: ignore[reportArgumentType]
    )
    url = await serve(create_project_app(settings), settings.port)
    for project_id in ("P1", "P2"):
        answer = await http.post(f"{url}/projects", json={"id": project_id, "name": "A project"})
        assert answer.status_code == 201
    for person in ("E001", "E002"):
        answer = await http.post(f"{url}/employees", json={"id": person, "name": person})
        assert answer.status_code == 201
    return url


@pytest.fixture
async def backlog_url(serve: Serve, backlog_settings: MakeSettings, project_url: str) -> str:
    nobody = f"http://127.0.0.1:{free_port()}"
    settings = backlog_settings(peers=Peers(project=project_url, sprint=nobody))
    return await serve(create_app(settings), settings.port)


@pytest.fixture
def backlog(backlog_url: str, http: httpx.AsyncClient) -> BacklogClient:
    return BacklogClient(http, backlog_url)
