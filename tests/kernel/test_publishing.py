"""Events go to their stream right after the commit; the table keeps what could not be sent."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from domain_services.kernel.background import running
from domain_services.kernel.messaging import relay as relay_module
from domain_services.kernel.messaging.envelope import Envelope
from domain_services.kernel.messaging.outbox import append
from domain_services.kernel.messaging.relay import Relay
from tests.kernel.box.app import GROUP, STREAM, BoxAdded
from tests.kernel.conftest import BoxService
from tests.ports import free_port

HOUR = 3600.0


@pytest.fixture(autouse=True)
async def _empty(box: BoxService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "PRODUCER_SECONDS", HOUR)
    await box.redis.delete(STREAM)
    async with box.database.transaction() as connection:
        await connection.execute(text("DELETE FROM outbox"))


@pytest.fixture
async def relay(box: BoxService) -> AsyncIterator[Relay]:
    yield Relay(box.database, box.redis, "boxes", {})
    box.database.after_commit = None


async def store(box: BoxService, *labels: str) -> list[Envelope]:
    """Store an event for each label, in a transaction each."""
    events: list[Envelope] = []
    for label in labels:
        async with box.database.transaction() as connection:
            boxes = [BoxAdded(shelf="s", label=label)]
            events += await append(connection, boxes, source="boxes")
    return events


async def sent(box: BoxService) -> list[str]:
    """List the labels of the stream's events, in order."""
    entries: Any = await box.redis.xrange(STREAM)
    events = [Envelope.model_validate_json(entry[b"event"]) for _, entry in entries]
    return [event.event_data["label"] for event in events]


async def unmarked(box: BoxService) -> int:
    query = text("SELECT count(*) FROM outbox WHERE published_at IS NULL")
    async with box.database.reading() as connection:
        return int(await connection.scalar(query) or 0)


async def test_committed_event_is_sent_without_the_table(box: BoxService, relay: Relay) -> None:
    async with running(*relay.loops()):
        await store(box, "a", "b", "c")
        async with asyncio.timeout(30):
            while await unmarked(box):
                await asyncio.sleep(0.01)
    assert await sent(box) == ["a", "b", "c"]


async def test_rolled_back_event_is_never_sent(box: BoxService, relay: Relay) -> None:
    with pytest.raises(LookupError):
        async with box.database.transaction() as connection:
            await append(connection, [BoxAdded(shelf="s", label="a")], source="boxes")
            raise LookupError("the change is refused")
    await store(box, "b")
    assert (await relay.publish(), await relay.publish()) == (1, 0)
    assert await sent(box) == ["b"]


async def test_young_row_is_left_to_the_process_that_wrote_it(
    box: BoxService, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store(box, "a")
    other = Relay(box.database, box.redis, "boxes", {})
    assert await other.send_batch() == 0
    monkeypatch.setattr(relay_module, "PRODUCER_SECONDS", 0)
    assert await other.send_batch() == 1
    assert await sent(box) == ["a"]


async def test_events_of_an_outage_are_sent_once_and_in_order(
    box: BoxService, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "PRODUCER_SECONDS", 0)
    monkeypatch.setattr(relay_module, "IDLE_SECONDS", 0)
    redis = relay._redis
    async with Redis(port=free_port()) as nobody:
        relay._redis = nobody
        for label in "abc":
            await store(box, label)
            with pytest.raises(RedisError):
                await relay._send()
            assert relay.trouble == "events are delayed: Redis does not answer"
            # The table alone keeps them, however long the outage is.
            assert not relay._committed
    relay._redis = redis
    await store(box, "d")
    await relay._send()
    assert relay.trouble is None
    assert await sent(box) == list("abcd")
    await store(box, "e")
    await relay._send()
    assert await sent(box) == list("abcde")


async def test_memory_is_bounded_and_the_table_sends_the_rest(
    box: BoxService, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "MOST_WAITING", 2)
    monkeypatch.setattr(relay_module, "PRODUCER_SECONDS", 0)
    await store(box, *"abcd")
    assert len(relay._committed) == 2
    await relay._send()
    assert await sent(box) == list("abcd")
    assert await unmarked(box) == 0


async def test_full_memory_takes_no_more_when_a_cancelled_batch_came_back(
    box: BoxService, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store(box, *"abc")
    monkeypatch.setattr(relay_module, "MOST_WAITING", 2)
    relay.take(list(relay._committed)[:2])
    assert len(relay._committed) == 3


async def test_leaving_process_sends_what_it_has_committed(box: BoxService, relay: Relay) -> None:
    async with relay.draining():
        await store(box, "a")
        assert await sent(box) == []
    assert (await sent(box), await unmarked(box)) == (["a"], 0)


async def test_confirmed_row_is_not_opened_again_by_its_mark(box: BoxService, relay: Relay) -> None:
    [event] = await store(box, "a")
    await relay.publish()
    await relay.confirm([f"{event.event_id} {GROUP}".encode()])
    assert (await relay.open_events()).rows == 0
    await relay._mark()
    assert (await relay.open_events()).rows == 0


async def test_row_is_closed_when_its_last_group_confirms(box: BoxService, relay: Relay) -> None:
    events = await store(box, "a", "b")
    async with box.database.transaction() as connection:
        await connection.execute(text("UPDATE outbox SET awaiting = '{one,two}'"))
    first, second = (event.event_id for event in events)
    await relay.confirm(
        [f"{first} one".encode(), f"{first} two".encode(), f"{second} two".encode()]
    )
    async with box.database.reading() as connection:
        rows = await connection.execute(text("SELECT event_id, awaiting FROM outbox"))
        assert dict(row for row in rows) == {first: [], second: ["one"]}
    assert (await relay.open_events()).rows == 1


async def test_lost_connection_keeps_its_own_error(box: BoxService, relay: Relay) -> None:
    with pytest.raises(OperationalError):
        async with box.database.transaction() as connection:
            await append(connection, [BoxAdded(shelf="s", label="a")], source="boxes")
            pid = await connection.scalar(text("SELECT pg_backend_pid()"))
            async with box.database.transaction() as other:
                await other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
            await connection.execute(text("SELECT 1"))
    assert not relay._committed
