"""Real PostgreSQL and Valkey for every test, one fresh database per service and test."""

import asyncio
import gc
import hashlib
import itertools
import shutil
import signal
import socket
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

from deploy.catalogue import SERVICES, ServiceSpec
from deploy.local.servers import EmbeddedServers
from deploy.migrating.migration import migrate
from deploy.migrating.targets import target
from deploy.serving.config import uvicorn_config
from domain_services.kernel.client.http_client import tls
from tests import scheduling, waits

# A traceback drawn with the values of its variables takes a second.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
)

waits.lengthen()

# A shell lets what it starts in the background ignore Ctrl-C, and every command of a test would
# inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    scheduling.sort_by_cost(items)


def pytest_collection_finish() -> None:
    # What seven thousand tests consist of lives as long as the run: no search for garbage needs it.
    gc.collect()
    gc.freeze()


# Optional: a lone run has no workers, and so no such hook.
@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> scheduling.SlowestFirst:
    return scheduling.SlowestFirst(config, log)


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
    """Find a file system in memory with 4 GiB free for the servers' data; None without one."""
    # Making a database there is ten times as fast (docs/adr/0059-test-servers-in-memory.md).
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > 4 << 30 else None


@pytest.fixture(autouse=True)
def shipped_waits(request: pytest.FixtureRequest) -> Iterator[None]:
    """Give a test marked `deadline` the waits of a user's installation."""
    if request.node.get_closest_marker("deadline") is None:
        yield
    else:
        with waits.as_shipped():
            yield


@pytest.fixture(scope="session")
def servers() -> Iterator[EmbeddedServers]:
    """Start the embedded servers of this test process, without fsync."""
    # Not pytest's own folder: each pytest that starts closes it to the account that runs Postgres.
    with tempfile.TemporaryDirectory(prefix="dsm-tests-", dir=roomy_memory()) as folder:
        started = EmbeddedServers(Path(folder), durable=False)
        started.start()
        yield started
        started.stop()


class Databases:
    """Factory of databases: each is a copy of a migrated template, made in tens of ms."""

    def __init__(self, servers: EmbeddedServers) -> None:
        self.servers = servers
        self._templates: dict[str, str] = {}
        self._numbers = itertools.count()
        self.redis_url = servers.redis_url

    def _execute(self, statement: str) -> None:
        url = self.servers.database_url("postgres").replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement)  # pyright: ignore[reportArgumentType]

    def role(self, package: str) -> str | None:
        """Return the database role of a package's service; None for the owner."""
        return next((spec.role for spec in SERVICES if spec.migrations == package), None)

    def fresh(self, package: str) -> str:
        """Create a database with the newest schema of `package`; returns the owner's URL."""
        if package not in self._templates:
            template = f"template_{package.replace('.', '_')}"
            self.upgrade(self.servers.database_url(template), package)
            self._templates[package] = template
        name = f"test_{next(self._numbers)}_{package.split('.')[-1]}"
        copy = f"TEMPLATE {self._templates[package]} STRATEGY FILE_COPY"
        self._execute(f"CREATE DATABASE {name} {copy}")
        return self.servers.database_url(name)

    def restore(self, dump: Path) -> str:
        """Make a database of a dump; its schema stays what it was. Returns the owner's URL."""
        name = f"restored_{next(self._numbers)}_{dump.stem}"
        self._execute(f"CREATE DATABASE {name}")
        url = self.servers.database_url(name)
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(dump.read_text())  # pyright: ignore[reportArgumentType]
        return url

    def upgrade(self, url: str, package: str) -> None:
        """Migrate a database to the newest schema of `package`, as `dsm migrate` does."""
        of_a_test = ServiceSpec(package, 0, "", "", migrations=package)
        known = (spec for spec in SERVICES if spec.migrations == package)
        migrate([target(next(known, of_a_test), url)])

    def commit_to_the_system(self, url: str) -> None:
        """Flush each commit of a database to the system, so that it survives a server's crash."""
        name = url.split("?")[0].rsplit("/", 1)[-1]
        self._execute(f"ALTER DATABASE {name} SET synchronous_commit = on")

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected."""
        name = url.split("?")[0].rsplit("/", 1)[-1]
        self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def databases(servers: EmbeddedServers) -> Databases:
    return Databases(servers)


@pytest.fixture
def database_url(databases: Databases) -> Iterator[Callable[[str], str]]:
    """Create migrated databases by package (`domain_services.project`) and drop them at the end."""
    urls: list[str] = []

    def fresh(package: str) -> str:
        urls.append(databases.fresh(package))
        return urls[-1]

    yield fresh
    for url in urls:
        databases.drop(url)


@pytest.fixture
async def redis_url(servers: EmbeddedServers) -> AsyncIterator[str]:
    """Empty Valkey and return its URL."""
    async with Redis.from_url(servers.redis_url) as client:
        await client.flushall()
    yield servers.redis_url


TURNS_TO_ACCEPT = 3  # of the event loop: task, transport, protocol


class _Server(uvicorn.Server):
    """A server that leaves signal handlers alone and ends when `stop` is set."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stop = asyncio.Event()

    async def main_loop(self) -> None:
        # uvicorn's own loop checks ten times a second, and a run ends thousands of servers.
        await self.on_tick(0)
        await self.stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # asyncio closes nothing that it accepts while its server closes: accept no more, and let
        # what is accepted already reach uvicorn's list in the turns that this takes.
        loop = asyncio.get_running_loop()
        for server in self.servers:
            for listening in server.sockets:
                loop.remove_reader(listening.fileno())
        for _ in range(TURNS_TO_ACCEPT):
            await asyncio.sleep(0)
        await super().shutdown(sockets)

    @asynccontextmanager
    async def _no_signals(self) -> AsyncIterator[None]:
        yield

    def install_signal_handlers(self) -> None:
        return


@asynccontextmanager
async def serving(app: FastAPI, port: int) -> AsyncIterator[str]:
    """Serve `app` over real HTTP on `port` while the block lasts; yields its base URL."""
    server = _Server(uvicorn_config(app, host="127.0.0.1", port=port))
    serving_task = asyncio.create_task(server._serve(None))
    try:
        while not server.started:
            if serving_task.done():
                serving_task.result()
                raise RuntimeError("the server ended before it was ready")
            await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop.set()
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
    """Open an HTTP client that carries the admin key."""
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    async with httpx.AsyncClient(headers=headers, timeout=30, verify=tls()) as client:
        yield client


@pytest.fixture
def repository() -> Path:
    """Return the root of the checkout."""
    return Path(__file__).parent.parent
