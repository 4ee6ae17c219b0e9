"""Fixtures: service processes that a test may kill, and the summary table of the room."""

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
from tests.faults.machine import machine


@asynccontextmanager
async def open_fleet(
    servers: EmbeddedServers, databases: Databases, folder: Path
) -> AsyncIterator[Fleet]:
    """Open processes on new databases and an empty Redis; drop the databases afterwards."""
    urls: list[str] = []

    def new_database(package: str) -> str:
        urls.append(databases.fresh(package))
        databases.commit_to_the_system(urls[-1])
        return urls[-1]

    async with Redis.from_url(servers.redis_url) as redis:
        await redis.flushall()
    async with client() as http:
        fleet = Fleet(folder, new_database, servers.redis_url, http)
        try:
            yield fleet
        finally:
            fleet.close()
    for url in urls:
        databases.drop(url)


@pytest.fixture(scope="module")
async def fleet(
    servers: EmbeddedServers, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Fleet]:
    """Open processes for the tests of one module; each test takes a project of its own."""
    async with open_fleet(servers, databases, tmp_path_factory.mktemp("fleet")) as processes:
        yield processes


@pytest.fixture
def stores(fleet: Fleet) -> Stores:
    """Return the databases of the module's processes."""
    return Stores(fleet.databases, fleet.redis_url)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print counts, times, and the outcome of each mechanism with it and without it."""
    counted: Counter[str] = Counter()
    timed: list[str] = []
    outcomes_by_mechanism: dict[str, dict[str, str]] = {}
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "counted":
                counted.update(value)
            elif name == "timed":
                timed.append(value)
            elif name == "mechanism":
                mechanism, outcome = value
                colour = outcome.partition(":")[0]
                outcomes_by_mechanism.setdefault(mechanism, {})[colour] = outcome
    if counted or timed or outcomes_by_mechanism:
        terminalreporter.section("faults: machine")
        terminalreporter.line(machine())
    if counted:
        terminalreporter.section("faults: counted")
        for name, value in sorted(counted.items()):
            terminalreporter.line(f"{name:32} {value}")
    if timed:
        terminalreporter.section("faults: dependencies that accept and never answer")
        for line in timed:
            terminalreporter.line(line)
    if outcomes_by_mechanism:
        terminalreporter.section("faults: mechanisms")
        for mechanism, outcomes in sorted(outcomes_by_mechanism.items()):
            with_it, without = outcomes.get("green", "not run"), outcomes.get("red", "not run")
            terminalreporter.line(f"{mechanism:32} with it: {with_it:8} without: {without}")
    _show_figures(terminalreporter)


def _show_figures(terminalreporter: pytest.TerminalReporter) -> None:
    """Print each figure with its target, also one that misses it, and name the machine."""
    lines_by_figure: dict[str, list[str]] = {}
    for outcome in ("passed", "failed", "skipped"):
        for report in terminalreporter.getreports(outcome):
            for name, value in report.user_properties:
                if name == "figure":
                    figure, lines = value
                    lines_by_figure.setdefault(figure, []).extend(lines)
    if lines_by_figure:
        terminalreporter.section("faults: figures")
        terminalreporter.line(f"machine at the end: {machine()}")
    for figure, lines in lines_by_figure.items():
        terminalreporter.line(figure)
        for line in lines:
            terminalreporter.line(f"    {line}")
