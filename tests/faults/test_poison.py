"""A poisoned item in every loop: it is set aside, and what stands behind it is worked on."""

import os
import re
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from deploy.local.servers import EmbeddedServers
from tests.conftest import Databases
from tests.faults.conftest import open_fleet
from tests.faults.fleet import Fleet, until
from tests.faults.invariants import Stores
from tests.faults.poisoned_items import Patient
from tests.faults.poisons import INSTALLED, POISONS, Poison
from tests.faults.process import PACE

# The waits of these processes are shortened: with waits as shipped it takes the tries' pauses.
HEALTHY_SECONDS = 30
SET_ASIDE_SECONDS = 60
TRIES = 2
_PAUSES = {
    "domain_services.kernel.database.set_aside:FIRST_PAUSE_SECONDS": 0.2,
    "agent.jobs.claims:FIRST_PAUSE_SECONDS": 0.2,
    "agent.runs.proposing:EXPIRY_SECONDS": 0.2,
    "memory.run_recovery:FIRST_PAUSE_SECONDS": 0.1,
    "domain_services.kernel.database.retention:FIRST_SECONDS": 0.1,
    "domain_services.kernel.database.retention:PERIOD_SECONDS": 0.2,
}


@pytest.fixture(scope="module")
async def patient(
    servers: EmbeddedServers, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Patient]:
    """Start every service, with two tries for an item."""
    async with open_fleet(servers, databases, tmp_path_factory.mktemp("poison")) as fleet:
        fleet.pace = PACE | _PAUSES
        await fleet.start("project", "backlog", "chronicle", "embedding", item_tries=TRIES)
        fleet.poisons = INSTALLED["sprint"]
        await fleet.start("sprint", item_tries=TRIES)
        fleet.poisons = INSTALLED["orchestrator"]
        seconds = {"schedule_poll_seconds": 0.2, "lease_seconds": 1.5}
        await fleet.start("orchestrator", item_tries=TRIES, **seconds)
        yield Patient(fleet, Stores(fleet.databases, fleet.redis_url))


async def _read(fleet: Fleet, service: str, path: str) -> str:
    return (await fleet.call(service, "GET", path)).text


async def _is_up(fleet: Fleet, poison: Poison) -> bool:
    metrics = await _read(fleet, poison.service, "/metrics")
    return f'dsm_background_up{{loop="{poison.loop}"}} 1' in metrics


@pytest.mark.parametrize("name", POISONS)
async def test_poison_is_set_aside_and_stops_nothing(
    patient: Patient, name: str, record_property: Any
) -> None:
    poison, fleet = POISONS[name], patient.fleet
    await poison.put(patient)

    async def is_healthy_done() -> bool:
        return await patient.true(poison.healthy_in or poison.service, poison.is_healthy_done)

    async def is_set_aside() -> bool:
        return await patient.true(poison.service, poison.is_set_aside)

    async def is_shown() -> bool:
        text = await _read(fleet, poison.service, poison.shown)
        return re.search(poison.words, text) is not None

    async def is_up() -> bool:
        return await _is_up(fleet, poison) is not poison.keeps_failing

    start = time.monotonic()
    await until(is_healthy_done, f"the item behind the {name}", HEALTHY_SECONDS)
    healthy = time.monotonic() - start
    await until(is_set_aside, f"the {name} set aside", SET_ASIDE_SECONDS)
    await until(is_shown, f"{poison.words!r} at {poison.shown}", SET_ASIDE_SECONDS)
    aside = time.monotonic() - start
    await until(is_up, f"dsm_background_up of {poison.loop}", SET_ASIDE_SECONDS)
    ready = await fleet.call(poison.service, "GET", "/health/ready")
    assert ready.status_code == 200, ready.text
    line = (
        f"{name:20} the item behind it was done after {healthy:4.1f} s, it was shown after"
        f" {aside:4.1f} s (load {os.getloadavg()[0]:.1f})"
    )
    record_property("figure", ("a poisoned item in every loop, with shortened waits", [line]))
