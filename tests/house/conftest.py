"""All services of the catalogue over HTTP, on databases of their own, one set for a file."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text

from deploy.catalogue import SERVICES, ServiceSpec, resolve
from deploy.local.servers import EmbeddedServers
from domain_services.kernel.database.database import Database
from tests.conftest import ADMIN_KEY, AUTH, Databases, serving
from tests.ports import free_port

HERE = Path(__file__).parent
STRANGER_KEY = "dsm_test-stranger-key-0000000000000"
METHODS = ("get", "post", "put", "patch", "delete")
NAMES = tuple(spec.name for spec in SERVICES)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Each looks at all routes or all files, with every line traced, for lines that others reach.
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.no_cover)


@dataclass(frozen=True)
class Operation:
    """Operation of an OpenAPI document."""

    method: str
    path: str
    spec: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Service:
    """Running service with an admin's client."""

    name: str
    url: str
    app: FastAPI
    http: httpx.AsyncClient
    owner_url: str | None

    @property
    def document(self) -> dict[str, Any]:
        return self.app.openapi()

    @property
    def operations(self) -> list[Operation]:
        return operations(self.document)

    async def counts(self) -> dict[str, int]:
        """Count the rows of each table; empty for a service that stores nothing."""
        if self.owner_url is None:
            return {}
        database = Database(self.owner_url, pool_size=1)
        try:
            async with database.transaction() as connection:
                names = await connection.scalars(
                    # The daily jobs of the orchestrator fill the other two in the background.
                    text(
                        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
                        " AND tablename NOT IN ('daily_jobs', 'job_results')"
                    )
                )
                return {
                    name: int(await connection.scalar(text(f"SELECT count(*) FROM {name}")) or 0)
                    for name in sorted(names)
                }
        finally:
            await database.close()


def operations(document: Mapping[str, Any]) -> list[Operation]:
    return [
        Operation(method.upper(), path, methods[method])
        for path, methods in document["paths"].items()
        for method in METHODS
        if method in methods
    ]


def with_stranger() -> dict[str, Any]:
    digest = hashlib.sha256(STRANGER_KEY.encode()).hexdigest()
    stranger = {"name": "stranger", "role": "service", "sha256": digest, "calls": ["no-service"]}
    return AUTH | {"keys": [*AUTH["keys"], stranger]}


def make_app(spec: ServiceSpec, **values: Any) -> FastAPI:
    base = {"port": 8100, "auth": with_stranger()}
    return resolve(spec.factory)(resolve(spec.settings)(**(base | values)))


@cache
def described_app(name: str) -> FastAPI:
    """Make the app of a service once, for tests that read its routes and its document alone."""
    [spec] = [spec for spec in SERVICES if spec.name == name]
    return make_app(spec)


@pytest.fixture(scope="module")
async def town(
    servers: EmbeddedServers, databases: Databases
) -> AsyncIterator[Mapping[str, Service]]:
    ports = {spec.name: free_port() for spec in SERVICES}
    peers = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    database_urls: list[str] = []
    running: dict[str, Service] = {}
    async with AsyncExitStack() as stack:
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        for spec in reversed(SERVICES):
            values: dict[str, Any] = {
                "port": ports[spec.name],
                "redis_url": SecretStr(servers.redis_url),
                "peers": peers,
            }
            owner_url = None
            if spec.migrations:
                owner_url = databases.fresh(spec.migrations)
                database_urls.append(owner_url)
                name = owner_url.split("?")[0].rsplit("/", 1)[-1]
                values["database_url"] = SecretStr(servers.database_url(name, spec.role))
            app = make_app(spec, **values)
            url = await stack.enter_async_context(serving(app, ports[spec.name]))
            client = httpx.AsyncClient(base_url=url, headers=headers, timeout=30)
            http = await stack.enter_async_context(client)
            running[spec.name] = Service(spec.name, url, app, http, owner_url)
        yield running
    for url in database_urls:
        databases.drop(url)
