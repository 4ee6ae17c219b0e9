"""Ten times the load that a service can take: it keeps its pace and sends the rest away."""

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
# Who is let in waits for at most RUNNING + WAITING others; the factor is left to the noise.
WAITED = 2.5 * (RUNNING + WAITING)
GOODPUT = 0.8


@dataclass
class Served:
    """What callers got: seconds of each good answer, how many were told to come back, the rest."""

    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Served") -> None:
        self.seconds += other.seconds
        self.refused += other.refused
        self.wrong += other.wrong

    @property
    def p95(self) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * 0.95)]


async def load(url: str, callers: int) -> Served:
    """Callers that ask again at once, or after a refusal half as soon as they were told to."""
    served, end = Served(), time.monotonic() + SECONDS
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(headers=headers, connector=connector) as session:

        async def call() -> None:
            while (began := time.monotonic()) < end:
                async with session.get(url) as answer:
                    await answer.read()
                if answer.status == 200:
                    served.seconds.append(time.monotonic() - began)
                elif answer.status == 503 and "Retry-After" in answer.headers:
                    served.refused += 1
                    await asyncio.sleep(0.5)
                else:
                    served.wrong.append(f"{answer.status}")

        await asyncio.gather(*(call() for _ in range(callers)))
    return served


@pytest.fixture
async def own_fleet(
    servers: EmbeddedServers, databases: Databases, tmp_path: Path
) -> AsyncIterator[Fleet]:
    async with open_fleet(servers, databases, tmp_path) as opened:
        yield opened


async def overloaded(fleet: Fleet) -> tuple[list[str], dict[str, int]]:
    """What is wrong at ten times the load, and what was counted."""
    limits = {"max_running_requests": RUNNING, "max_waiting_requests": WAITING}
    await fleet.start("project", **limits, max_wait_seconds=0.5)
    await fleet.found("BUSY", 0)
    url = f"{fleet.urls['project']}/projects/BUSY"
    peak, flood = Served(), Served()
    shares: list[float] = []
    waits: list[float] = []
    for _ in range(ROUNDS):  # in turns, so that the noise of the machine meets both
        calm, busy = await load(url, RUNNING), await load(url, 10 * RUNNING)
        shares.append(len(busy.seconds) / len(calm.seconds))
        waits.append(busy.p95 * len(calm.seconds) / SECONDS)
        peak.add(calm)
        flood.add(busy)
    wrong = [*peak.wrong, *flood.wrong]
    if (share := statistics.median(shares)) < GOODPUT:
        wrong.append(f"{share:.2f} of the good answers of the peak")
    if (wait := statistics.median(waits)) > WAITED:
        wrong.append(f"95 of 100 within the time of {wait:.0f} answers, {WAITED:.0f} are allowed")
    if not flood.refused:
        wrong.append("nobody was told to come back later")
    counted = {
        "good answers at the peak": len(peak.seconds),
        "good answers at ten times the load": len(flood.seconds),
        "told to come back later": flood.refused,
    }
    return wrong, counted


async def test_overload_keeps_the_pace(own_fleet: Fleet, record_property: Any) -> None:
    wrong, counted = await overloaded(own_fleet)
    assert wrong == [], counted
    record_property("mechanism", ("admission", "green"))
    record_property("counted", counted)


async def test_overload_breaks_without_admission(own_fleet: Fleet, record_property: Any) -> None:
    own_fleet.mutations = ("admission",)
    wrong, _ = await overloaded(own_fleet)
    late = [line for line in wrong if "are allowed" in line]
    assert late != [], wrong
    record_property("mechanism", ("admission", f"red: {late[0]}"))
