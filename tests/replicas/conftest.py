"""Fixtures: one installation of the room, started before its databases have tables."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.catalogue import SERVICES
from tests.conftest import roomy_memory
from tests.faults.invariants import Stores
from tests.ports import free_port
from tests.replicas.balancer import Balancer
from tests.replicas.installation import Installation
from tests.replicas.stores import TcpServers


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the clients have sent, and what failed."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, counts in report.user_properties:
            if name == "counted":
                terminalreporter.section("replicas: counted")
                for what, count in counts.items():
                    terminalreporter.line(f"{what:36} {count}")


@dataclass
class Start:
    """Observations of a starting installation."""

    installation: Installation
    served_before_migration: list[str]
    """Services that would have been given connections before their tables were there."""
    ended_before_migration: list[str]
    """Services whose process ended for want of tables."""
    orchestrators: int
    """How many of the processes were orchestrators."""
    migrated: tuple[int | None, str]
    """Exit code and output of the migration."""
    migrated_again: tuple[int | None, str]
    """Exit code and output of a second one."""


@pytest.fixture(scope="session")
def tcp_servers() -> Iterator[TcpServers]:
    """Start PostgreSQL and Valkey on TCP, with empty databases."""
    with (
        tempfile.TemporaryDirectory(prefix="dsm-replicas-", dir=roomy_memory()) as folder,
        TcpServers(Path(folder), free_port(), free_port()) as servers,
    ):
        servers.prepare_databases()
        yield servers


@pytest.fixture(scope="session")
def balancer() -> Iterator[Balancer]:
    balancer = Balancer()
    balancer.start({spec.name: free_port() for spec in SERVICES})
    yield balancer
    balancer.stop()


@pytest.fixture(scope="session")
async def start(
    tcp_servers: TcpServers, balancer: Balancer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Start]:
    """Start every service on empty databases, then migrate, then wait until all serve."""
    installation = Installation(tcp_servers, balancer, tmp_path_factory.mktemp("logs"))
    try:
        installation.start_all()
        await installation.wait_waiting()
        served = [replica.name for replica in installation.replicas if replica.backend.routed]
        orchestrators = len(installation.of("orchestrator"))
        ended = [replica.name for replica in installation.replicas if replica.ended]
        first = await installation.migrate()
        second = await installation.migrate()
        await installation.wait_serving()
        yield Start(
            installation,
            served,
            ended,
            orchestrators,
            first,
            second,
        )
    finally:
        installation.close()


@pytest.fixture
def installation(start: Start) -> Installation:
    """Return the room's installation, all of whose replicas serve."""
    return start.installation


@pytest.fixture
def stores(tcp_servers: TcpServers) -> Stores:
    """Return the installation's databases and Redis, as their owner sees them."""
    return Stores(tcp_servers.owner_urls(), tcp_servers.redis_url)
