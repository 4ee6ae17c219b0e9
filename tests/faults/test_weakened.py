"""Processes without one mechanism: the scenario that succeeds with it must fail."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from deploy.local.servers import EmbeddedServers
from tests.conftest import Databases
from tests.faults.conftest import open_fleet
from tests.faults.fleet import Fleet
from tests.faults.invariants import Stores
from tests.faults.mutations import CONSTRAINTS
from tests.faults.scenarios import SCENARIOS

pytestmark = pytest.mark.faults


@pytest.fixture
async def fresh_fleet(
    servers: EmbeddedServers, databases: Databases, tmp_path: Path
) -> AsyncIterator[Fleet]:
    async with open_fleet(servers, databases, tmp_path) as fleet:
        yield fleet


async def run_scenario(
    fleet: Fleet, servers: EmbeddedServers, mechanism: str, *, weakened: bool
) -> list[str]:
    """Start the services of a scenario and run it; return its violations."""
    scenario, services, _ = SCENARIOS[mechanism]
    fleet.mutations = (mechanism,) if weakened else ()
    await fleet.start(*services)
    if weakened and mechanism in CONSTRAINTS:
        service, statement = CONSTRAINTS[mechanism]
        url = fleet.databases[service].replace("+psycopg", "")
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await connection.execute(statement)  # pyright: ignore[reportArgumentType]
    stores = Stores(fleet.databases, fleet.redis_url)
    return await scenario(fleet, stores, servers, "WEAK")


@pytest.mark.parametrize("mechanism", SCENARIOS)
async def test_scenario_succeeds_with_its_mechanism(
    fresh_fleet: Fleet, servers: EmbeddedServers, mechanism: str, record_property: Any
) -> None:
    assert await run_scenario(fresh_fleet, servers, mechanism, weakened=False) == []
    record_property("mechanism", (mechanism, "green"))
    record_property("counted", {"kills in scenarios": fresh_fleet.kills})


@pytest.mark.parametrize("mechanism", SCENARIOS)
async def test_scenario_fails_without_its_mechanism(
    fresh_fleet: Fleet, servers: EmbeddedServers, mechanism: str, record_property: Any
) -> None:
    violations = await run_scenario(fresh_fleet, servers, mechanism, weakened=True)
    print(f"without {mechanism}: {violations}")
    expected = [line for line in violations if SCENARIOS[mechanism][2] in line]
    assert expected != [], violations
    record_property("mechanism", (mechanism, f"red: {expected[0]}"))
