"""Decisions while a dependency accepts calls and never answers them."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from agent.settings import AgentSettings
from domain_services.kernel.database import pool
from tests.graphs.blackhole import Line
from tests.graphs.conftest import System

pytestmark = pytest.mark.deadline

DEADLINE_SECONDS = 0.5  # of a whole decision; only long runs measure it
NEXT_WAIT_SECONDS = 2.0  # the wait that would end a decision without its deadlines
FEW = 6
LONG = [FEW, pytest.param(100, marks=pytest.mark.faults)]


def database_line(url: str) -> Line:
    """Return a line to the PostgreSQL of a URL, which names a socket folder or a host."""
    parts = urlsplit(url)
    folder = parse_qs(parts.query).get("host", [""])[0]
    if folder.startswith("/"):
        return Line(path=Path(folder) / f".s.PGSQL.{parts.port or 5432}")
    return Line(host=parts.hostname, port=parts.port or 5432)


def through(url: str, port: int) -> str:
    parts = urlsplit(url)
    user = parts.username or "postgres"
    return f"postgresql+psycopg://{user}@127.0.0.1:{port}{parts.path}"


class Stopwatch:
    """Stopwatch of orchestrations of the one project."""

    def __init__(self, system: System, record_property: Callable[[str, object], None]) -> None:
        self._system = system
        self._record = record_property
        self.seconds: list[float] = []

    async def orchestrate(self) -> httpx.Response:
        started = time.perf_counter()
        answer = await self._system.orchestrate("HOLE")
        self.seconds.append(time.perf_counter() - started)
        return answer

    def check(self, case: str) -> None:
        """Check that a deadline of the decision ended the wait, not the peer's or the pool's.

        The fastest decides: a machine that stands still delays some, never all.
        """
        ordered = sorted(self.seconds)
        p50, p99 = (ordered[int(share * (len(ordered) - 1))] * 1000 for share in (0.5, 0.99))
        self._record(
            "timed", f"{case:32} {len(ordered)} decisions, p50 {p50:.0f} ms, p99 {p99:.0f} ms"
        )
        assert ordered[0] < (DEADLINE_SECONDS if len(ordered) > FEW else NEXT_WAIT_SECONDS), case


async def prepare(system: System, **settings: Any) -> None:
    await system.start("project", "backlog", "chronicle", "sprint")
    await system.start("orchestrator", **settings)
    await system.make_project("HOLE", 3)
    for _ in range(3):  # imports, pools and prepared statements
        assert (await system.orchestrate("HOLE")).status_code == 200


def test_waits_are_those_of_an_installation() -> None:
    settings = AgentSettings()
    assert settings.patience == 1
    assert settings.peer_timeout_seconds == pool.WAIT_SECONDS == NEXT_WAIT_SECONDS


async def test_shipped_waits_are_long_enough_for_the_history(system: System) -> None:
    await prepare(system)
    async with asyncio.timeout(30):
        # A machine that stands still for 300 ms may degrade some decisions, never all.
        while True:
            metrics = (await system.orchestrate("HOLE")).json()["performance_metrics"]
            if not any(reason.startswith("history:") for reason in metrics["degraded"]):
                break
    assert metrics["steps_ms"]["analyse"] > 0


async def test_silent_backlog_is_refused_by_name(system: System) -> None:
    await prepare(system)
    await system.stop("backlog")
    async with Line().open(int(system.urls["backlog"].rsplit(":", 1)[1])):
        answer = await system.orchestrate("HOLE")
    assert answer.status_code == 503
    assert "backlog" in answer.json()["detail"]
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize("runs", LONG)
@pytest.mark.parametrize("peer", ["chronicle", "embedding"])
async def test_silent_peer_is_not_waited_for(
    system: System, peer: str, runs: int, record_property: Any
) -> None:
    port = int(system.urls[peer].rsplit(":", 1)[1])
    async with AsyncExitStack() as stack:
        if peer == "embedding":
            await stack.enter_async_context(Line().open(port))
        await prepare(system)
        if peer == "chronicle":
            await system.stop("chronicle")
            await stack.enter_async_context(Line().open(port))
        watch = Stopwatch(system, record_property)
        for _ in range(runs):
            metrics = (await watch.orchestrate()).json()["performance_metrics"]
            assert metrics["degraded"], peer
            assert metrics["recall_path"] == "structured"
        watch.check(f"silent {peer}")


@pytest.mark.parametrize("runs", LONG)
async def test_silent_recall_is_hung_up_on(system: System, runs: int, record_property: Any) -> None:
    database = system.databases.setdefault("orchestrator", system.database_url("memory"))
    async with database_line(database).open() as line:
        await prepare(system, recall_url=through(database, line.port))
        line.silent, watch = True, Stopwatch(system, record_property)
        for _ in range(runs):
            metrics = (await watch.orchestrate()).json()["performance_metrics"]
            degraded = metrics["degraded"]
            assert any(reason.startswith("recall:") for reason in degraded), degraded
            assert metrics["steps_ms"]["recall"] > 0
        watch.check("silent recall")


@pytest.mark.parametrize("runs", LONG)
async def test_silent_memory_is_refused_within_the_deadline(
    system: System, runs: int, record_property: Any
) -> None:
    database = system.databases.setdefault("orchestrator", system.database_url("memory"))
    async with database_line(database).open() as line:
        system.databases["orchestrator"] = through(database, line.port)
        await prepare(system)
        line.silent, watch = True, Stopwatch(system, record_property)
        for _ in range(runs):
            answer = await watch.orchestrate()
            assert answer.status_code == 503
            assert answer.headers["Retry-After"]
        watch.check("silent memory")
        line.silent = False
        deadline = time.monotonic() + 30
        while (await system.orchestrate("HOLE")).status_code != 200:
            assert time.monotonic() < deadline, "memory did not come back"
            await asyncio.sleep(0.1)
