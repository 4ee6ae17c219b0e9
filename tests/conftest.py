"""Real PostgreSQL and Valkey for every test, one fresh database per service and test."""

import asyncio
import hashlib
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import psycopg
import pytest
import structlog
import uvicorn
from fastapi import FastAPI
from redis.asyncio import Redis

from deploy.local.catalogue import SERVICES
from deploy.local.servers import EmbeddedServers
from domain_services.kernel.client.http_client import tls
from domain_services.kernel.database import migrate, pool

# A traceback drawn with the values of its variables takes a second.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
)

# A machine that stands still for some seconds is no silent peer: where patience is what a test is
# about, the test says how much.
os.environ["DSM_PEER_TIMEOUT_SECONDS"] = "20"
os.environ["DSM_MAX_WAIT_SECONDS"] = "20"
os.environ["DSM_PATIENCE"] = "40"
pool.WAIT_SECONDS = 20.0
pool.STATEMENT_SECONDS = 20

hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")

ADMIN_KEY = "dsm_test-admin-key-0000000000000000"
VIEWER_KEY = "dsm_test-viewer-key-000000000000000"
OPERATOR_KEY = "dsm_test-operator-key-0000000000000"
SERVICE_KEY = "dsm_test-service-key-00000000000000"

CALLED = ("project", "backlog", "sprint", "chronicle", "embedding", "daily-scrum")


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


AUTH = {
    "service_key": SERVICE_KEY,
    "keys": [
        {"name": "admin", "role": "admin", "sha256": _hash(ADMIN_KEY)},
        {"name": "viewer", "role": "viewer", "sha256": _hash(VIEWER_KEY)},
        {"name": "operator", "role": "operator", "sha256": _hash(OPERATOR_KEY)},
        {
            "name": "service",
            "role": "service",
            "sha256": _hash(SERVICE_KEY),
            "calls": [f"{name}-service" for name in CALLED],
        },
    ],
}


def roomy_memory() -> Path | None:
    """A file system in memory with room for the servers' data, or None.

    Making a database there is ten times as fast, and servers that end with the tests need no disk.
    """
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > 4 << 30 else None


@pytest.fixture(scope="session")
def servers() -> Iterator[EmbeddedServers]:
    """The embedded servers of this test process, without fsync."""
    # Not pytest's own folder: each pytest that starts closes it to the account that runs Postgres.
    with tempfile.TemporaryDirectory(prefix="dsm-tests-", dir=roomy_memory()) as folder:
        started = EmbeddedServers(Path(folder), durable=False)
        started.start()
        yield started
        started.stop()


class Databases:
    """Makes databases by copying a migrated template, which takes tens of milliseconds."""

    def __init__(self, servers: EmbeddedServers) -> None:
        self._servers = servers
        self._templates: dict[str, str] = {}
        self._numbers = itertools.count()
        self.redis_url = servers.redis_url

    def _execute(self, statement: str) -> None:
        url = self._servers.database_url("postgres").replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement)  # pyright: ignore[reportArgumentType]

    def role(self, package: str) -> str | None:
        """The database role that the service of `package` connects as."""
        return next((spec.role for spec in SERVICES if spec.migrations == package), None)

    def fresh(self, package: str) -> str:
        """The owner's URL of a new database with the newest schema of `package`."""
        if package not in self._templates:
            template = f"template_{package.replace('.', '_')}"
            self._execute(f"CREATE DATABASE {template}")
            role = self.role(package)
            if role:
                self._servers.create_role(role)
            migrate.upgrade(self._servers.database_url(template), package, role)
            self._templates[package] = template
        name = f"test_{next(self._numbers)}_{package.split('.')[-1]}"
        copy = f"TEMPLATE {self._templates[package]} STRATEGY FILE_COPY"
        self._execute(f"CREATE DATABASE {name} {copy}")
        return self._servers.database_url(name)

    def restore(self, dump: Path) -> str:
        """Make a database of a dump; its schema stays what it was. Returns the owner's URL."""
        name = f"restored_{next(self._numbers)}_{dump.stem}"
        self._execute(f"CREATE DATABASE {name}")
        url = self._servers.database_url(name)
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(dump.read_text())  # pyright: ignore[reportArgumentType]
        return url

    def upgrade(self, url: str, package: str) -> None:
        """Migrate a restored database to the newest schema of `package`."""
        role = self.role(package)
        if role:
            self._servers.create_role(role)
        migrate.upgrade(url, package, role)

    def commit_to_the_system(self, url: str) -> None:
        """Commits of this database reach the operating system first: they survive a crash."""
        name = url.split("?")[0].rsplit("/", 1)[-1]
        self._execute(f"ALTER DATABASE {name} SET synchronous_commit = on")

    def drop(self, url: str) -> None:
        name = url.split("?")[0].rsplit("/", 1)[-1]
        self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def databases(servers: EmbeddedServers) -> Databases:
    return Databases(servers)


@pytest.fixture
def database_url(databases: Databases) -> Iterator[Callable[[str], str]]:
    """Call it with a package (`domain_services.project`) for a fresh migrated database."""
    made: list[str] = []

    def fresh(package: str) -> str:
        made.append(databases.fresh(package))
        return made[-1]

    yield fresh
    for url in made:
        databases.drop(url)


@pytest.fixture
async def redis_url(servers: EmbeddedServers) -> AsyncIterator[str]:
    """The URL of an empty Valkey."""
    async with Redis.from_url(servers.redis_url) as client:
        await client.flushall()
    yield servers.redis_url


class _Server(uvicorn.Server):
    """A server that leaves the process's signal handlers alone, and ends when it is told to.

    uvicorn's own looks ten times a second whether it should, and a run ends thousands of servers.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.told = asyncio.Event()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.told.wait()

    @asynccontextmanager
    async def _no_signals(self) -> AsyncIterator[None]:
        yield

    def install_signal_handlers(self) -> None:
        return


@asynccontextmanager
async def serving(app: FastAPI, port: int) -> AsyncIterator[str]:
    """Serve `app` over real HTTP on `port` while the block lasts; yields its base URL."""
    server = _Server(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=port,
            log_level="error",
            access_log=False,
            timeout_graceful_shutdown=10,  # a failed test may have left a request that never ends
        )
    )
    serving_task = asyncio.create_task(server._serve(None))
    try:
        while not server.started:
            if serving_task.done():
                serving_task.result()
                raise RuntimeError("the server ended before it was ready")
            await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.told.set()
        await serving_task


Serve = Callable[..., Any]


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[FastAPI, int], Any]]:
    """Serve apps until the test ends: `base_url = await serve(app, port)`."""
    async with AsyncExitStack() as stack:

        async def start(app: FastAPI, port: int) -> str:
            return await stack.enter_async_context(serving(app, port))

        yield start


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client that carries the admin key."""
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    async with httpx.AsyncClient(headers=headers, timeout=30, verify=tls()) as client:
        yield client


@pytest.fixture
def repository() -> Path:
    return Path(__file__).parent.parent
