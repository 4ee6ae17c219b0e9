"""An event that cannot be sent is set aside with its reason, and the others flow."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text

from domain_services.kernel.database import set_aside
from domain_services.kernel.database.set_aside import SetAsideItem
from domain_services.kernel.messaging import relay as relay_module
from domain_services.kernel.messaging.envelope import Envelope
from domain_services.kernel.messaging.outbox import append
from domain_services.kernel.messaging.outbox_rows import KIND
from domain_services.kernel.messaging.relay import Relay
from tests.kernel.box.app import STREAM, BoxAdded
from tests.kernel.conftest import BoxService

TRIES = 3
Spoil = Callable[[BoxService, Envelope], Awaitable[None]]
_DUE = text("UPDATE outbox SET next_try = now() WHERE next_try IS NOT NULL")


@pytest.fixture(autouse=True)
async def _empty(box: BoxService, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setattr(relay_module, "PRODUCER_SECONDS", 0)
    await box.redis.delete(STREAM, "no_stream")
    await execute(box, "DELETE FROM outbox")
    known: Any = await box.redis.config_get("proto-max-bulk-len")
    yield
    await box.redis.config_set("proto-max-bulk-len", known["proto-max-bulk-len"])
    await box.redis.delete("no_stream")


@pytest.fixture
def relay(box: BoxService) -> Relay:
    return Relay(box.database, box.redis, "boxes", {}, most_tries=TRIES)


async def execute(box: BoxService, statement: str, **values: Any) -> None:
    async with box.database.transaction() as connection:
        await connection.execute(text(statement), values)


async def store(box: BoxService, *labels: str) -> list[Envelope]:
    async with box.database.transaction() as connection:
        boxes = [BoxAdded(shelf="s", label=label) for label in labels]
        return await append(connection, boxes, source="boxes")


async def sent(redis: Redis) -> list[str]:
    entries: Any = await redis.xrange(STREAM)
    events = [Envelope.model_validate_json(entry[b"event"]) for _, entry in entries]
    return [event.event_data["label"] for event in events]


async def items(box: BoxService) -> list[SetAsideItem]:
    async with box.database.reading() as connection:
        return await set_aside.list_items(connection, [KIND], 10)


async def no_event(box: BoxService, event: Envelope) -> None:
    query = "UPDATE outbox SET payload = '{}' WHERE event_id = :event_id"
    await execute(box, query, event_id=event.event_id)


async def no_stream(box: BoxService, event: Envelope) -> None:
    await box.redis.set("no_stream", "a text")
    query = "UPDATE outbox SET stream = 'no_stream' WHERE event_id = :event_id"
    await execute(box, query, event_id=event.event_id)


async def too_large(box: BoxService, event: Envelope) -> None:
    await box.redis.config_set("proto-max-bulk-len", 1024 * 1024)
    query = (
        "UPDATE outbox SET payload = jsonb_set(payload, '{event_data,label}',"
        " to_jsonb(repeat('x', 2000000))) WHERE event_id = :event_id"
    )
    await execute(box, query, event_id=event.event_id)


@pytest.mark.parametrize(
    ("spoil", "tries"),
    [
        pytest.param(no_event, 1, id="no event"),
        pytest.param(no_stream, TRIES, id="no stream"),
        pytest.param(too_large, TRIES, id="too large for Redis"),
    ],
)
async def test_row_that_cannot_be_sent_holds_up_no_other(
    box: BoxService, relay: Relay, spoil: Spoil, tries: int
) -> None:
    [_, bad, _] = await store(box, "a", "bad", "c")
    await spoil(box, bad)
    assert await relay.send_batch() == 3
    assert set(await sent(box.redis)) == {"a", "c"}
    for number in range(1, TRIES):
        assert len(await items(box)) == (tries <= number)
        await store(box, f"later {number}")
        await execute(box, _DUE.text)
        await relay.send_batch()
    [item] = await items(box)
    assert (item.kind, item.tries) == ("unsent_event", tries)
    assert item.error != ""
    assert {"later 1", "later 2"} <= set(await sent(box.redis))
    assert await relay.send_batch() == 0


async def test_event_set_aside_is_sent_after_its_repair(box: BoxService, relay: Relay) -> None:
    [bad] = await store(box, "a")
    await no_stream(box, bad)
    for _ in range(TRIES):
        await relay.send_batch()
        await execute(box, _DUE.text)
    assert (await relay.open_events()).rows == 0
    [item] = await items(box)
    query = "UPDATE outbox SET stream = :stream WHERE event_id = :event_id"
    await execute(box, query, stream=STREAM, event_id=bad.event_id)
    async with box.database.transaction() as connection:
        await set_aside.replay(connection, KIND, item.id)
    assert await relay.send_batch() == 1
    assert await sent(box.redis) == ["a"]
    assert await items(box) == []


async def test_redis_that_takes_no_writes_counts_no_try(box: BoxService, relay: Relay) -> None:
    await store(box, "a")
    known: Any = await box.redis.config_get("maxmemory")
    await box.redis.config_set("maxmemory", 1)
    try:
        for _ in range(TRIES + 1):
            with pytest.raises(RedisError):
                await relay.send_batch()
    finally:
        await box.redis.config_set("maxmemory", known["maxmemory"])
    assert await relay.send_batch() == 1
    assert (await sent(box.redis), await items(box)) == (["a"], [])
