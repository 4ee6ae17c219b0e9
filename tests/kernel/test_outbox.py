"""An event that nobody confirms is sent again, ever more rarely."""

import pytest
from sqlalchemy import text

from domain_services.kernel.database.database import Database
from domain_services.kernel.messaging.envelope import DAILY_SCRUM_EVENTS, Envelope, envelope
from domain_services.kernel.messaging.outbox import Relay, append
from tests.kernel.box.app import GROUP, STREAM, BoxTold
from tests.kernel.conftest import BoxService

_AGE = text(
    "UPDATE outbox SET created_at = now() - make_interval(secs => :created),"
    " published_at = now() - make_interval(secs => :published), awaiting = '{somebody}',"
    " closed_at = NULL WHERE event_id = :event_id"
)


async def owe(database: Database, created: float, published: float) -> Envelope:
    """An event that was owed and last sent so many seconds ago."""
    told = envelope("BOX_TOLD", "Box", "s", BoxTold(shelf="s", label="a"), source="boxes")
    async with database.transaction() as connection:
        await append(connection, DAILY_SCRUM_EVENTS, [told])
        ages = {"created": created, "published": published, "event_id": told.event_id}
        await connection.execute(_AGE, ages)
    return told


@pytest.mark.parametrize(
    ("created", "published", "due"),
    [
        pytest.param(5, 4, False, id="just sent"),
        pytest.param(7, 6, True, id="not confirmed in five seconds"),
        pytest.param(27, 12, False, id="sent again when it was owed for fifteen"),
        pytest.param(32, 16, True, id="not confirmed in as long again"),
        pytest.param(86_400, 50, False, id="owed for a day"),
        pytest.param(86_400, 61, True, id="owed for a day, every minute"),
    ],
)
async def test_what_is_not_confirmed_is_sent_ever_more_rarely(
    box: BoxService, created: float, published: float, due: bool
) -> None:
    relay = Relay(box.database, box.redis, "boxes")
    told = await owe(box.database, created, published)
    assert await relay.send_batch() == due
    async with box.database.transaction() as connection:
        await connection.execute(text("DELETE FROM outbox"))
    if due:
        [*_, (_, entry)] = await box.redis.xrange(DAILY_SCRUM_EVENTS)
        assert Envelope.model_validate_json(entry[b"event"]) == told


async def test_published_event_awaits_the_groups_its_class_names(box: BoxService) -> None:
    async with box.database.transaction() as connection:
        [event] = await append(connection, [BoxTold(shelf="s", label="a")], source="boxes")
        row = (await connection.execute(text("DELETE FROM outbox RETURNING *"))).one()
    assert (row.event_id, row.stream, row.awaiting) == (event.event_id, STREAM, [GROUP])
    assert Envelope.model_validate(row.payload) == event
    assert (event.event_type, event.aggregate_type, event.aggregate_id) == ("BOX_TOLD", "Box", "s")
    assert event.metadata.source_service == "boxes"
