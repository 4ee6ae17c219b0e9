"""Processes to kill, stores to break, and the table of what was shown."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from deploy.local.servers import EmbeddedServers
from tests.conftest import Databases
from tests.faults.fleet import Fleet, client
from tests.faults.invariants import Stores


@asynccontextmanager
async def open_fleet(
    servers: EmbeddedServers, databases: Databases, folder: Path
) -> AsyncIterator[Fleet]:
    """Processes on databases of their own, and an empty Redis."""
    made: list[str] = []

    def fresh(package: str) -> str:
        made.append(databases.fresh(package))
        databases.commit_to_the_system(made[-1])
        return made[-1]

    async with Redis.from_url(servers.redis_url) as redis:
        await redis.flushall()
    async with client() as http:
        started = Fleet(folder, fresh, servers.redis_url, http)
        try:
            yield started
        finally:
            started.close()
    for url in made:
        databases.drop(url)


@pytest.fixture(scope="module")
async def fleet(
    servers: EmbeddedServers, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Fleet]:
    """Processes for the tests of one module, each of which takes a project of its own."""
    async with open_fleet(servers, databases, tmp_path_factory.mktemp("fleet")) as opened:
        yield opened


@pytest.fixture
def stores(fleet: Fleet) -> Stores:
    """The databases of the module's processes."""
    return Stores(fleet.databases, fleet.redis_url)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was counted and timed, and what happens with each mechanism and without it."""
    counted: Counter[str] = Counter()
    timed: list[str] = []
    shown: dict[str, dict[str, str]] = {}
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "counted":
                counted.update(value)
            elif name == "timed":
                timed.append(value)
            elif name == "mechanism":
                mechanism, outcome = value
                colour = outcome.partition(":")[0]
                shown.setdefault(mechanism, {})[colour] = outcome
    if counted:
        terminalreporter.section("faults: counted")
        for name, value in sorted(counted.items()):
            terminalreporter.line(f"{name:32} {value}")
    if timed:
        terminalreporter.section("faults: dependencies that accept and never answer")
        for line in timed:
            terminalreporter.line(line)
    if shown:
        terminalreporter.section("faults: mechanisms")
        for mechanism, outcomes in sorted(shown.items()):
            with_it, without = outcomes.get("green", "not run"), outcomes.get("red", "not run")
            terminalreporter.line(f"{mechanism:32} with it: {with_it:8} without: {without}")
