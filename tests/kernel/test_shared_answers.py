"""Answers that need no key take no store away from others, however many ask at once."""

import asyncio
from collections.abc import Iterator

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from domain_services.kernel.context import DEADLINE_HEADER
from domain_services.kernel.web import health
from domain_services.kernel.web.health import Checks
from tests.kernel.conftest import BoxService

PEERS = 30


@pytest.fixture(autouse=True)
def _checks(box: BoxService) -> Iterator[None]:
    checks = box.app.state.checks
    yield
    box.app.state.checks = checks


@pytest.mark.parametrize("path", ["/health/ready", "/health/serving", "/metrics"])
async def test_many_who_ask_at_once_share_one_answer(
    box: BoxService, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(health, "CHECK_SECONDS", 60)
    proceed, count = asyncio.Event(), 0

    async def check() -> None:
        nonlocal count
        count += 1
        await proceed.wait()

    database = box.app.state.database
    monkeypatch.setattr(database, "check_writing", check)
    box.app.state.checks = Checks(database=check)
    # The first has no patience; the others must not suffer from it.
    first = asyncio.create_task(box.http.get(path, headers={DEADLINE_HEADER: "1"}))
    others = [asyncio.create_task(box.http.get(path)) for _ in range(PEERS)]
    async with asyncio.timeout(30):
        while box.app.state.draining.requests < 1 + PEERS:
            await asyncio.sleep(0.01)
    proceed.set()
    answers = await asyncio.gather(first, *others)
    assert {answer.status_code for answer in answers} == {200}
    assert count == 1


async def test_readiness_names_no_address(box: BoxService) -> None:
    async def fail() -> None:
        raise RedisConnectionError("Error 111 connecting to 10.1.2.3:6379. Connection refused.")

    box.app.state.checks = Checks(redis=fail)
    answer = await box.http.get("/health/ready")
    assert answer.json()["redis"] == "error"
    assert "Redis does not answer (ConnectionError)" in answer.json()["attention"][0]
    assert "10.1.2.3" not in answer.text
