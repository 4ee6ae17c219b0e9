"""Random faults during work: no acknowledged write is lost or stored twice."""

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
from tests.faults.weather import RandomFaults

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
async def running_fleet(
    servers: EmbeddedServers, databases: Databases, tmp_path: Path
) -> AsyncIterator[Fleet]:
    """Start processes for one storm, so that a failed storm does not disturb the next."""
    async with open_fleet(servers, databases, tmp_path) as fleet:
        await fleet.start("project", "backlog", "chronicle", "sprint", "orchestrator")
        yield fleet


async def work_through_faults(
    running_fleet: Fleet,
    stores: Stores,
    random_faults: RandomFaults,
    seconds: float,
    faults: tuple[str, ...],
) -> tuple[Ledger, dict[str, int]]:
    """Let three teams work under random faults; return their ledger and the counts."""
    writes, stop = Ledger(), asyncio.Event()
    name = f"W{time.time_ns()}"
    for team in range(3):
        await running_fleet.create_project(f"{name}-{team}", 0, ["ann", "bob"])
    async with asyncio.TaskGroup() as work:
        work.create_task(ledger.sprints(running_fleet, writes, f"{name}-0", stop))
        work.create_task(ledger.sprints(running_fleet, writes, f"{name}-1", stop))
        work.create_task(ledger.orchestrations(running_fleet, writes, f"{name}-2", stop))
        await random_faults.inject(seconds, faults)
        stop.set()
    assert await stores.wait_until_quiet(60) == []
    counted = await writes.audit(stores) | dict(random_faults.counted)
    counted["decisions"] = writes.answers["decisions"]
    return writes, counted


@pytest.mark.faults
@pytest.mark.parametrize("kind", STORMS)
async def test_no_acknowledged_write_is_lost_under_random_faults(
    running_fleet: Fleet, servers: EmbeddedServers, kind: str, record_property: Any
) -> None:
    print(f"\nstorm of {kind}: DSM_FAULT_SEED={SEED}, {STORM_SECONDS:.0f} s")
    random_faults, stores = (
        RandomFaults(running_fleet, servers, SEED),
        Stores(running_fleet.databases, running_fleet.redis_url),
    )
    try:
        writes, counted = await work_through_faults(
            running_fleet, stores, random_faults, STORM_SECONDS, STORMS[kind]
        )
    finally:
        await random_faults.repair()
    print(f"answers {dict(writes.answers)}\ncounted {counted}")
    assert (counted["lost writes"], counted["duplicated writes"]) == (0, 0)
    assert writes.internal_errors == []
    assert await stores.violations() == []
    assert counted["acknowledged writes"] > 20
    record_property("counted", counted)
