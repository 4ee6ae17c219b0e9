"""Events keep up with eight writers: a pile is drained while they go on writing."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import pytest

from benchmarks.wire import Wire, open_wires
from deploy.local.servers import EmbeddedServers
from tests.conftest import ADMIN_KEY, Databases
from tests.faults.conftest import open_fleet
from tests.faults.fleet import Fleet
from tests.faults.invariants import Stores

pytestmark = pytest.mark.faults

SECONDS = float(os.environ.get("DSM_FAULT_SECONDS", "30"))
WRITERS = 8
LEAST_RATIO = 1.5
CONVERGED_SECONDS = 10


@dataclass(frozen=True)
class Totals:
    """Events so far, at one moment."""

    at: float
    """Moment in seconds of the monotonic clock."""
    produced: int
    """Reports that the sprint service has acknowledged."""
    applied: int
    """Events that have taken effect in the backlog."""
    confirmed: int
    """Events that the sprint service knows to be applied."""


@dataclass(frozen=True)
class Rates:
    """Events a second between two moments."""

    seconds: float
    produced: float
    applied: float
    confirmed: float

    def __str__(self) -> str:
        return (
            f"produced {self.produced:5.0f}/s  applied {self.applied:5.0f}/s "
            f" confirmed {self.confirmed:5.0f}/s  in {self.seconds:.1f} s"
        )


def rates(before: Totals, after: Totals) -> Rates:
    seconds = after.at - before.at
    return Rates(
        seconds,
        (after.produced - before.produced) / seconds,
        (after.applied - before.applied) / seconds,
        (after.confirmed - before.confirmed) / seconds,
    )


class Writers:
    """Clients that report progress without a pause, each on a task of its own."""

    def __init__(self, stores: Stores, wires: Sequence[Wire], task_ids: Sequence[str]) -> None:
        self._stores = stores
        self._wires = wires
        self._task_ids = task_ids
        self._stopped = False
        self.acknowledged = 0

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """Write until the block ends."""
        async with asyncio.TaskGroup() as group:
            for wire, task_id in zip(self._wires, self._task_ids, strict=True):
                group.create_task(self._write(wire, task_id))
            yield
            self._stopped = True

    async def _write(self, wire: Wire, task_id: str) -> None:
        for step in count():
            if self._stopped:
                return
            # Never the percentage of before: each report is an event.
            body = {"progress_percentage": 1 + step % 98}
            await wire.call("POST", f"/tasks/{task_id}/progress", body)
            self.acknowledged += 1

    async def totals(self) -> Totals:
        [(applied,)] = await self._stores.rows("backlog", "SELECT count(*) FROM inbox")
        query = "SELECT count(*) FROM outbox WHERE closed_at IS NOT NULL AND awaiting = '{}'"
        [(confirmed,)] = await self._stores.rows("sprint", query)
        return Totals(time.monotonic(), self.acknowledged, applied, confirmed)


async def open_rows(stores: Stores) -> int:
    [(rows,)] = await stores.rows("sprint", "SELECT count(*) FROM outbox WHERE closed_at IS NULL")
    return rows


async def wait_drained(stores: Stores) -> None:
    """Wait until the pile is gone, for at most SECONDS: the writers go on, so it is never 0."""
    deadline = time.monotonic() + SECONDS
    while await open_rows(stores) > WRITERS * WRITERS and time.monotonic() < deadline:
        await asyncio.sleep(0.1)


@pytest.fixture
async def running_fleet(
    servers: EmbeddedServers, databases: Databases, tmp_path: Path
) -> AsyncIterator[Fleet]:
    """Start the processes that write, send and apply, with waits as shipped."""
    async with open_fleet(servers, databases, tmp_path) as fleet:
        fleet.pace = {}
        await fleet.start("project", "backlog", "chronicle", "sprint")
        yield fleet


async def test_pile_is_drained_while_eight_writers_go_on(
    running_fleet: Fleet, record_property: Any
) -> None:
    fleet, stores = running_fleet, Stores(running_fleet.databases, running_fleet.redis_url)
    task_ids = await fleet.create_project("BUSY", WRITERS, ["ann"])
    created = await fleet.call("sprint", "POST", "/sprints/BUSY", {})
    assert created.status_code == 201, created.text

    async with open_wires(fleet.urls["sprint"], ADMIN_KEY, WRITERS) as wires:
        writers = Writers(stores, wires, task_ids)
        load = psutil.getloadavg()[0]
        async with writers.writing():
            await asyncio.sleep(1)
            start = await writers.totals()
            await asyncio.sleep(SECONDS / 3)
            steady = rates(start, await writers.totals())
            fleet.signal("backlog", signal.SIGSTOP)
            await asyncio.sleep(SECONDS / 3)
            pile = await open_rows(stores)
            before = await writers.totals()
            fleet.signal("backlog", signal.SIGCONT)
            await wait_drained(stores)
            draining = rates(before, await writers.totals())
        start_of_end = time.monotonic()
        unfinished = await stores.wait_until_quiet(CONVERGED_SECONDS)
        converged = time.monotonic() - start_of_end
    # The pile slows the writers down: the rate without it counts too.
    produced = max(steady.produced, draining.produced)
    ratio = min(draining.applied, draining.confirmed) / produced
    lines = [
        f"eight writers on {os.cpu_count()} cores, load {load:.1f} before",
        f"steady:   {steady}",
        f"draining: {draining}, pile of {pile}",
        f"applied and confirmed over produced: {ratio:.2f} (at least {LEAST_RATIO})",
        f"converged {converged:.1f} s after the last write",
    ]
    print("", *lines, sep="\n")
    record_property("figure", ("events under eight writers", lines))
    assert unfinished == []
    assert await stores.violations() == []
    assert ratio >= LEAST_RATIO
