"""Work goes on while processes and stores are harmed: nothing acknowledged is lost or doubled."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.servers import EmbeddedServers
from tests.conftest import Databases
from tests.faults import ledger
from tests.faults.conftest import open_fleet
from tests.faults.fleet import Fleet
from tests.faults.invariants import Stores
from tests.faults.ledger import Ledger
from tests.faults.weather import Weather

STORM_SECONDS = float(os.environ.get("DSM_FAULT_SECONDS", "30"))
SEED = int(os.environ.get("DSM_FAULT_SEED", str(time.time_ns() % 1_000_000)))

STORMS = {
    "processes": ("kill", "kill_at_a_failpoint", "kill_at_a_failpoint", "pause", "roll"),
    "redis": ("flush_redis", "kill_redis", "kill_redis", "pause_redis"),
    "postgres": ("restart_postgres", "crash_postgres"),
    "everything": (
        "kill", "kill_at_a_failpoint", "pause", "roll", "flush_redis", "kill_redis",
        "pause_redis", "restart_postgres", "crash_postgres",
    ),
}  # fmt: skip


@pytest.fixture
async def town(
    servers: EmbeddedServers, databases: Databases, tmp_path: Path
) -> AsyncIterator[Fleet]:
    """Processes of one storm, so that one that ends badly leaves nothing to the next."""
    async with open_fleet(servers, databases, tmp_path) as fleet:
        await fleet.start("project", "backlog", "chronicle", "sprint", "orchestrator")
        yield fleet


async def weathered(
    town: Fleet, stores: Stores, weather: Weather, seconds: float, faults: tuple[str, ...]
) -> tuple[Ledger, dict[str, int]]:
    """Three teams work through a storm; their ledger, and what was counted, once it is quiet."""
    kept, stop = Ledger(), asyncio.Event()
    name = f"W{time.time_ns()}"
    for team in range(3):
        await town.found(f"{name}-{team}", 0, ["ann", "bob"])
    async with asyncio.TaskGroup() as work:
        work.create_task(ledger.sprints(town, kept, f"{name}-0", stop))
        work.create_task(ledger.sprints(town, kept, f"{name}-1", stop))
        work.create_task(ledger.orchestrations(town, kept, f"{name}-2", stop))
        await weather.storm(seconds, faults)
        stop.set()
    assert await stores.quiet(60) == []
    counted = await kept.audit(stores) | dict(weather.counted)
    counted["decisions"] = kept.answers["decisions"]
    return kept, counted


@pytest.mark.faults
@pytest.mark.parametrize("kind", STORMS)
async def test_nothing_acknowledged_is_lost_in_a_storm(
    town: Fleet, servers: EmbeddedServers, kind: str, record_property: Any
) -> None:
    print(f"\nstorm of {kind}: DSM_FAULT_SEED={SEED}, {STORM_SECONDS:.0f} s")
    weather, stores = Weather(town, servers, SEED), Stores(town.databases, town.redis_url)
    try:
        kept, counted = await weathered(town, stores, weather, STORM_SECONDS, STORMS[kind])
    finally:
        await weather.mend()
    print(f"answers {dict(kept.answers)}\ncounted {counted}")
    assert (counted["lost writes"], counted["duplicated writes"]) == (0, 0)
    assert kept.internal_errors == []
    assert await stores.broken() == []
    assert counted["acknowledged writes"] > 20
    record_property("counted", counted)
