"""Stage of benchmarks: a stack in a process of its own, and its databases."""

import shutil
import socket
import tempfile
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
from pgvector.psycopg import register_vector_async

from deploy.local import control
from deploy.local.servers import EmbeddedServers
from domain_services.backlog.client import BacklogClient
from domain_services.chronicle.client import ChronicleClient
from domain_services.embedding.client import EmbeddingClient
from domain_services.kernel.client.http_client import open_http
from domain_services.kernel.settings import AuthSettings, KernelSettings
from domain_services.project.client import ProjectClient
from domain_services.sprint.client import SprintClient

CATALOGUE = "deploy.catalogue:SERVICES"
MEMORY = "dsm_agent_memory"
EPISODES, QUICK_EPISODES = 100_000, 6_000
PORTS = 10

Connection = psycopg.AsyncConnection[tuple[Any, ...]]


@dataclass(frozen=True)
class Stage:
    """A running stack. `say` tells the person in front of it what goes on."""

    folder: Path
    urls: dict[str, str]
    key: str
    quick: bool
    say: Callable[[str], None]
    loaded: int | None = None
    """Episodes that a benchmark wants; None for the usual number."""

    @property
    def episodes(self) -> int:
        """Number of episodes in the loaded memory."""
        if self.loaded is not None:
            return self.loaded
        return QUICK_EPISODES if self.quick else EPISODES

    @property
    def seconds(self) -> float:
        """Approximate seconds of one comparison."""
        return 4.0 if self.quick else 25.0

    def rounds(self, full: int) -> int:
        """Reduce a number of rounds to a third, at least 3, for a quick run."""
        return max(3, full // 3) if self.quick else full

    def database(self, name: str) -> str:
        """A libpq URL of a database of the stack."""
        postgres = EmbeddedServers(self.folder).postgres
        postgres.sockets = (self.folder / "sockets").resolve()
        return postgres.url(name)


@dataclass(frozen=True)
class Services:
    """Typed clients of the stack's services."""

    project: ProjectClient
    backlog: BacklogClient
    sprint: SprintClient
    chronicle: ChronicleClient
    embedding: EmbeddingClient


@contextmanager
def open_stage(
    data_dir: Path | None, quick: bool, say: Callable[[str], None]
) -> Generator[Stage, None, None]:
    """Start a stack, in a folder of its own that goes with it unless one is named."""
    folder = data_dir or Path(tempfile.mkdtemp(prefix="dsm-benchmarks-"))
    say("starting the stack")
    try:
        state = control.start_detached(folder.resolve(), free_ports(), CATALOGUE)
        key = (folder / "admin.key").read_text().strip()
        yield Stage(folder.resolve(), state.urls, key, quick, say)
    finally:
        say("stopping the stack")
        control.stop(folder)
        if data_dir is None:
            shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def open_services(stage: Stage) -> AsyncGenerator[Services, None]:
    settings = KernelSettings(
        port=1,
        auth=AuthSettings(service_key=stage.key),  # pyright: ignore[reportArgumentType]
        peer_timeout_seconds=30,
    )
    async with open_http(settings) as http:
        urls = stage.urls
        yield Services(
            ProjectClient(http, urls["project"]),
            BacklogClient(http, urls["backlog"]),
            SprintClient(http, urls["sprint"]),
            ChronicleClient(http, urls["chronicle"]),
            EmbeddingClient(http, urls["embedding"]),
        )


@asynccontextmanager
async def open_connection(url: str, *, vectors: bool = False) -> AsyncGenerator[Connection, None]:
    """A raw autocommit connection that prepares every statement at once."""
    async with await psycopg.AsyncConnection.connect(
        url, autocommit=True, prepare_threshold=0
    ) as connection:
        if vectors:
            await register_vector_async(connection)
        yield connection


def plain_http(stage: Stage) -> httpx.AsyncClient:
    """httpx as it comes, with its own transport; but it lets go of connections before uvicorn."""
    headers = {"Authorization": f"Bearer {stage.key}"}
    limits = httpx.Limits(max_connections=100, keepalive_expiry=2)
    return httpx.AsyncClient(headers=headers, timeout=30, limits=limits)


def free_ports(count: int = PORTS) -> int:
    """The first of `count` free ports in a row. Raises: `RuntimeError`."""
    for base in range(23_000, 60_000, 100):
        try:
            for offset in range(count):
                with socket.socket() as listening:
                    listening.bind(("127.0.0.1", base + offset))
        except OSError:
            continue
        return base
    raise RuntimeError("no free ports")
