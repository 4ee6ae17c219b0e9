"""An event that no consumer confirms is sent again with growing pauses."""

import asyncio

import pytest
from sqlalchemy import text

from domain_services.kernel.database.database import Database
from domain_services.kernel.messaging.envelope import Envelope
from domain_services.kernel.messaging.outbox import append
from domain_services.kernel.messaging.relay import Relay
from tests.kernel.box.app import GROUP, STREAM, BoxAdded
from tests.kernel.conftest import BoxService

_AGE = text(
    "UPDATE outbox SET created_at = now() - make_interval(secs => :created),"
    " published_at = now() - make_interval(secs => :published), awaiting = '{somebody}',"
    " closed_at = NULL WHERE event_id = :event_id"
)


async def store_event(database: Database, created: float, published: float) -> Envelope:
    """Store an event that was created and last sent so many seconds ago."""
    async with database.transaction() as connection:
        [event] = await append(connection, [BoxAdded(shelf="s", label="a")], source="boxes")
        ages = {"created": created, "published": published, "event_id": event.event_id}
        await connection.execute(_AGE, ages)
    return event


@pytest.mark.parametrize(
    ("created", "published", "due"),
    [
        pytest.param(5, 4, False, id="just sent"),
        pytest.param(7, 6, True, id="not confirmed in five seconds"),
        pytest.param(27, 12, False, id="sent again when it was open for fifteen seconds"),
        pytest.param(32, 16, True, id="not confirmed in as long again"),
        pytest.param(86_400, 50, False, id="open for a day"),
        pytest.param(86_400, 61, True, id="open for a day, each minute"),
    ],
)
async def test_unconfirmed_event_is_resent_with_backoff(
    box: BoxService, created: float, published: float, due: bool
) -> None:
    relay = Relay(box.database, box.redis, "boxes", {})
    event = await store_event(box.database, created, published)
    assert await relay.send_batch() == due
    async with box.database.transaction() as connection:
        await connection.execute(text("DELETE FROM outbox"))
    if due:
        [*_, (_, entry)] = await box.redis.xrange(STREAM)
        assert Envelope.model_validate_json(entry[b"event"]) == event


async def test_published_event_awaits_the_groups_its_class_names(box: BoxService) -> None:
    async with box.database.transaction() as connection:
        [event] = await append(connection, [BoxAdded(shelf="s", label="a")], source="boxes")
        delete = text("DELETE FROM outbox WHERE event_id = :event_id RETURNING *")
        row = (await connection.execute(delete, {"event_id": event.event_id})).one()
    assert (row.event_id, row.stream, row.awaiting) == (event.event_id, STREAM, [GROUP])
    assert Envelope.model_validate(row.payload) == event
    assert (event.event_type, event.aggregate_type, event.aggregate_id) == ("BOX_ADDED", "Box", "s")
    assert event.metadata.source_service == "boxes"


async def test_replicas_that_confirm_the_same_events_in_different_orders_do_not_deadlock(
    box: BoxService,
) -> None:
    relay = Relay(box.database, box.redis, "boxes", {})
    lock = text("SELECT id FROM outbox WHERE event_id = :event_id FOR UPDATE")
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    first, second = [await store_event(box.database, 0, 0) for _ in range(2)]
    entries = [f"{second.event_id} one".encode(), f"{first.event_id} two".encode()]
    async with box.database.transaction() as other_replica:
        await other_replica.execute(lock, {"event_id": first.event_id})
        confirming = asyncio.create_task(relay.confirm(entries))
        async with box.database.reading() as looking:
            while not await looking.scalar(waiting) and not confirming.done():
                await asyncio.sleep(0.01)
        await other_replica.execute(lock, {"event_id": second.event_id})
    # The server would have ended one of the two.
    async with asyncio.timeout(60):
        assert await confirming is None
