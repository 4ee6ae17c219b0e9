"""Batches of events: one transaction and one confirmation, and single tries after a failure."""

from itertools import count
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from sqlalchemy import text
from structlog.testing import capture_logs

from domain_services.kernel.database.database import Database
from domain_services.kernel.messaging import inbox
from domain_services.kernel.messaging.envelope import Envelope, confirmations_key, wrap
from tests.kernel.box.app import GROUP, STREAM, BoxAdded, make_consumer
from tests.kernel.conftest import BoxService

_shelves = count()


@pytest.fixture(autouse=True)
async def _empty(box: BoxService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "RETRY_SECONDS", 0)
    monkeypatch.setattr(inbox, "BLOCK_MILLISECONDS", 20)
    await box.redis.delete(STREAM, confirmations_key("boxes"))
    await box.redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)


@pytest.fixture
async def shelf(box: BoxService) -> str:
    name = f"batch-{next(_shelves)}"
    await box.add(name, "first")
    return name


def box_added(shelf: str, label: str = "a") -> Envelope:
    return wrap(BoxAdded(shelf=shelf, label=label), source="boxes")


async def send(redis: Redis, *events: Envelope) -> None:
    for event in events:
        await redis.xadd(STREAM, {"event": event.model_dump_json()})


async def test_batch_is_one_transaction_and_one_confirmation(
    box: BoxService, shelf: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    transactions, confirmations = 0, 0
    begin, execute = Database.transaction, Pipeline.execute

    def counted(self: Database) -> Any:
        nonlocal transactions
        transactions += 1
        return begin(self)

    async def counted_execute(self: Any, *arguments: Any, **options: Any) -> Any:
        nonlocal confirmations
        confirmations += 1
        return await execute(self, *arguments, **options)

    events = [box_added(shelf) for _ in range(50)]
    await send(box.redis, *events)
    monkeypatch.setattr(Database, "transaction", counted)
    monkeypatch.setattr(Pipeline, "execute", counted_execute)
    await make_consumer(box.database, box.redis).step()
    monkeypatch.undo()
    assert (transactions, confirmations) == (1, 1)
    assert await box.count(shelf) == 51
    confirmed: Any = await box.redis.lrange(confirmations_key("boxes"), 0, -1)
    assert confirmed == [f"{event.event_id} {GROUP}".encode() for event in events]
    assert (await box.redis.xpending(STREAM, GROUP))["pending"] == 0


async def test_round_tries_an_event_that_fails_once(box: BoxService, shelf: str) -> None:
    await send(box.redis, box_added(shelf, "bug"), box_added(shelf))
    member = make_consumer(box.database, box.redis)
    for tries in range(1, inbox.MAX_TRIES + 1):
        with capture_logs() as logs:
            await member.step()
        failed = [line["tries"] for line in logs if line["event"] == "inbox.event_failed"]
        assert failed == [tries]
    assert member.outcomes["parked"] == 1


async def test_failure_in_a_batch_counts_for_its_own_event_only(
    box: BoxService, shelf: str
) -> None:
    bad = box_added(shelf, "bug")
    await send(box.redis, box_added(shelf), bad, box_added(shelf), box_added("nowhere"))
    member = make_consumer(box.database, box.redis)
    for _ in range(inbox.MAX_TRIES):
        await member.step()
    assert await box.count(shelf) == 3
    query = text("SELECT event_id, tries FROM dead_letters ORDER BY id DESC LIMIT 2")
    async with box.database.reading() as connection:
        rows = {row.event_id: row.tries for row in await connection.execute(query)}
    assert rows[bad.event_id] == inbox.MAX_TRIES
    assert set(rows.values()) == {inbox.MAX_TRIES}
    assert +member.outcomes == {"processed": 2, "failed": 2 * inbox.MAX_TRIES, "parked": 2}


async def test_event_that_is_twice_in_a_batch_takes_effect_once(
    box: BoxService, shelf: str
) -> None:
    event = box_added(shelf)
    await send(box.redis, event, event, event)
    member = make_consumer(box.database, box.redis)
    await member.step()
    assert await box.count(shelf) == 2
    assert (member.outcomes["processed"], member.outcomes["repeated"]) == (1, 2)


async def test_lag_counts_unread_and_unfinished_entries(box: BoxService, shelf: str) -> None:
    await send(box.redis, *(box_added(shelf) for _ in range(3)))
    await box.redis.xreadgroup(GROUP, "other", {STREAM: ">"}, count=1)
    assert await make_consumer(box.database, box.redis).behind() == (2, 1)
