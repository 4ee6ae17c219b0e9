"""Overload: at ten times its capacity a service keeps its pace and refuses the rest."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from deploy.local.servers import EmbeddedServers
from tests.conftest import ADMIN_KEY, Databases
from tests.faults.conftest import open_fleet
from tests.faults.fleet import Fleet

pytestmark = pytest.mark.faults

RUNNING, WAITING = 4, 8
SECONDS = 2.0
ROUNDS = 7
# An admitted request waits for at most RUNNING + WAITING others; 2.5 allows for noise.
ALLOWED_WAIT = 2.5 * (RUNNING + WAITING)
GOODPUT = 0.8


@dataclass
class LoadResult:
    """Answers that callers received."""

    seconds: list[float] = field(default_factory=list)
    """Duration of each good answer."""
    refused: int = 0
    """Answers 503 with Retry-After."""
    unexpected: list[str] = field(default_factory=list)
    """Status of every other answer."""

    def add(self, other: "LoadResult") -> None:
        self.seconds += other.seconds
        self.refused += other.refused
        self.unexpected += other.unexpected

    @property
    def p95(self) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * 0.95)]


async def load(url: str, callers: int) -> LoadResult:
    """Send requests without a pause, or half a second after a refusal; collect the answers."""
    result, end = LoadResult(), time.monotonic() + SECONDS
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(headers=headers, connector=connector) as session:

        async def call() -> None:
            while (start := time.monotonic()) < end:
                async with session.get(url) as answer:
                    await answer.read()
                if answer.status == 200:
                    result.seconds.append(time.monotonic() - start)
                elif answer.status == 503 and "Retry-After" in answer.headers:
                    result.refused += 1
                    await asyncio.sleep(0.5)
                else:
                    result.unexpected.append(f"{answer.status}")

        await asyncio.gather(*(call() for _ in range(callers)))
    return result


@pytest.fixture
async def fresh_fleet(
    servers: EmbeddedServers, databases: Databases, tmp_path: Path
) -> AsyncIterator[Fleet]:
    async with open_fleet(servers, databases, tmp_path) as fleet:
        yield fleet


async def run_overload(fleet: Fleet) -> tuple[list[str], dict[str, int]]:
    """Alternate peak load and ten times of it; return violations and counts."""
    limits = {"max_running_requests": RUNNING, "max_waiting_requests": WAITING}
    await fleet.start("project", **limits, max_wait_seconds=0.5)
    await fleet.create_project("BUSY", 0)
    url = f"{fleet.urls['project']}/projects/BUSY"
    peak, flood = LoadResult(), LoadResult()
    shares: list[float] = []
    waits: list[float] = []
    for _ in range(ROUNDS):  # in turns, so that the noise of the machine meets both
        calm, busy = await load(url, RUNNING), await load(url, 10 * RUNNING)
        shares.append(len(busy.seconds) / len(calm.seconds))
        waits.append(busy.p95 * len(calm.seconds) / SECONDS)
        peak.add(calm)
        flood.add(busy)
    violations = [*peak.unexpected, *flood.unexpected]
    if (share := statistics.median(shares)) < GOODPUT:
        violations.append(f"{share:.2f} of the good answers of the peak")
    if (wait := statistics.median(waits)) > ALLOWED_WAIT:
        violations.append(
            f"95 of 100 within the time of {wait:.0f} answers, {ALLOWED_WAIT:.0f} are allowed"
        )
    if not flood.refused:
        violations.append("no request was refused")
    counted = {
        "good answers at the peak": len(peak.seconds),
        "good answers at ten times the load": len(flood.seconds),
        "refused requests": flood.refused,
    }
    return violations, counted


async def test_service_keeps_its_pace_under_overload(
    fresh_fleet: Fleet, record_property: Any
) -> None:
    violations, counted = await run_overload(fresh_fleet)
    assert violations == [], counted
    record_property("mechanism", ("admission", "green"))
    record_property("counted", counted)


async def test_requests_wait_too_long_without_admission(
    fresh_fleet: Fleet, record_property: Any
) -> None:
    fresh_fleet.mutations = ("admission",)
    violations, _ = await run_overload(fresh_fleet)
    late = [line for line in violations if "are allowed" in line]
    assert late != [], violations
    record_property("mechanism", ("admission", f"red: {late[0]}"))
