"""Deliveries reach the peer in order, after any outage; a refused one does not delay the others."""

from collections.abc import AsyncIterator, Callable
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel
from sqlalchemy import text
from structlog.testing import capture_logs

from domain_services.kernel.database import set_aside
from domain_services.kernel.database.database import Database
from domain_services.kernel.database.set_aside import SetAsideItem
from domain_services.kernel.errors import Conflict, NotFound, Unavailable
from domain_services.kernel.messaging import deliveries
from domain_services.kernel.messaging.deliveries import Delivery, DeliveryWorker, claim, enqueue

ROUTE = "/notes"


class Note(BaseModel):
    """Body of a delivery in these tests."""

    label: str


class Peer:
    """Peer that stores notes, or raises the error configured for a label."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.asked: list[str] = []
        self.errors: dict[str, Exception] = {}

    async def post(self, delivery: Delivery) -> None:
        note = Note.model_validate(delivery.body)
        self.asked.append(note.label)
        if note.label in self.errors:
            raise self.errors[note.label]
        self.notes.append(note.label)


@pytest.fixture
async def database(database_url: Callable[[str], str]) -> AsyncIterator[Database]:
    database = Database(database_url("domain_services.sprint"), pool_size=2)
    yield database
    await database.close()


async def store(database: Database, *labels: str) -> list[UUID]:
    """Store deliveries, one transaction for each."""
    ids = [uuid4() for _ in labels]
    for delivery_id, label in zip(ids, labels, strict=True):
        async with database.transaction() as connection:
            await enqueue(connection, delivery_id, ROUTE, Note(label=label))
    return ids


async def make_due(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(text("UPDATE deliveries SET next_try = now()"))


async def set_aside_items(database: Database) -> list[SetAsideItem]:
    async with database.reading() as connection:
        return await set_aside.list_items(connection, [deliveries.KIND], 10)


async def waiting(database: Database) -> list[tuple[str, int]]:
    """List label and attempts of each undelivered request, in the order of storing."""
    query = text(
        "SELECT body ->> 'label', attempts FROM deliveries WHERE delivered_at IS NULL"
        " ORDER BY created_at"
    )
    async with database.reading() as connection:
        return [tuple(row) for row in await connection.execute(query)]


async def test_deliveries_arrive_oldest_first(database: Database) -> None:
    await store(database, "a", "b", "c")
    peer = Peer()
    assert not await DeliveryWorker(database, peer.post).deliver_due()
    assert peer.notes == ["a", "b", "c"]
    assert await waiting(database) == []


async def test_round_ends_when_the_peer_is_away_and_order_stays(database: Database) -> None:
    await store(database, "a", "b", "c", "d")
    peer = Peer()
    peer.errors |= dict.fromkeys("bcd", Unavailable("away"))
    worker = DeliveryWorker(database, peer.post)
    assert not await worker.deliver_due()
    assert peer.notes == ["a"]
    assert peer.asked == ["a", "b", "c"]  # two in a row: the peer is away, not one delivery bad
    assert await waiting(database) == [("b", 1), ("c", 1), ("d", 1)]
    await worker.deliver_due()
    assert peer.notes == ["a"]  # nothing is due before its pause ends
    peer.errors.clear()
    await make_due(database)
    await worker.deliver_due()
    assert peer.notes == ["a", "b", "c", "d"]


async def test_delivery_that_alone_gets_no_answer_counts_as_refused(database: Database) -> None:
    [bad, _] = await store(database, "a", "b")
    peer = Peer()
    peer.errors["a"] = Unavailable("answered 500")
    await DeliveryWorker(database, peer.post, tries=1).deliver_due()
    assert peer.notes == ["b"]
    assert [item.id for item in await set_aside_items(database)] == [str(bad)]


async def test_refused_delivery_is_tried_ever_later_and_then_set_aside(database: Database) -> None:
    [refused] = await store(database, "a")
    peer = Peer()
    peer.errors["a"] = Conflict("another audit has this number")
    worker = DeliveryWorker(database, peer.post, tries=3)
    pauses: list[float] = []
    seconds = text("SELECT extract(epoch FROM next_try - now())::float FROM deliveries")
    for _ in range(2):
        await worker.deliver_due()
        async with database.reading() as connection:
            pauses.append(await connection.scalar(seconds) or 0)
        await make_due(database)
    assert pauses[0] < 2 < pauses[1] < 4
    await worker.deliver_due()
    [item] = await set_aside_items(database)
    assert (item.kind, item.id, item.subject, item.tries, item.error) == (
        *("delivery", str(refused), ROUTE, 3),
        "another audit has this number",
    )
    await make_due(database)  # even then: only a person brings it back
    await worker.deliver_due()
    assert peer.asked == ["a"] * 3
    async with database.reading() as connection:
        assert (await deliveries.owed(connection)).rows == 0


async def test_outages_never_set_a_delivery_aside(database: Database) -> None:
    await store(database, "a", "b")
    peer = Peer()
    peer.errors |= dict.fromkeys("ab", Unavailable("away"))
    worker = DeliveryWorker(database, peer.post, tries=1)
    for _ in range(3):
        await worker.deliver_due()
        await make_due(database)
    assert await set_aside_items(database) == []
    peer.errors.clear()
    await worker.deliver_due()
    assert peer.notes == ["a", "b"]


async def test_replayed_delivery_is_delivered_and_a_discarded_one_never(database: Database) -> None:
    first, second = await store(database, "a", "b")
    peer = Peer()
    peer.errors |= dict.fromkeys("ab", Conflict("refused"))
    worker = DeliveryWorker(database, peer.post, tries=1)
    await worker.deliver_due()
    peer.errors.clear()
    async with database.transaction() as connection:
        await set_aside.replay(connection, deliveries.KIND, str(first))
        await set_aside.discard(connection, deliveries.KIND, str(second))
        with pytest.raises(NotFound):
            await set_aside.replay(connection, deliveries.KIND, str(second))
    await worker.deliver_due()
    assert peer.notes == ["a"]
    assert await set_aside_items(database) == []


@pytest.mark.parametrize("error", [Conflict("refused"), LookupError("nobody listed this")])
async def test_refused_delivery_is_logged_as_an_error_and_holds_up_no_other(
    database: Database, error: Exception
) -> None:
    [refused, _] = await store(database, "a", "b")
    peer = Peer()
    peer.errors["a"] = error
    with capture_logs() as logs:
        await DeliveryWorker(database, peer.post).deliver_due()
    assert peer.notes == ["b"]
    assert await waiting(database) == [("a", 1)]
    [line] = logs
    assert (line["log_level"], line["delivery_id"]) == ("error", str(refused))


async def test_pause_doubles_up_to_a_limit(database: Database) -> None:
    [delivery_id] = await store(database, "a")
    seconds = text("SELECT extract(epoch FROM next_try - now())::float FROM deliveries")
    for attempts, pause in ((1, 2), (2, 4), (1000, deliveries.LONGEST_PAUSE_SECONDS)):
        async with database.transaction() as connection:
            await deliveries.postpone(connection, [delivery_id], attempts)
            assert await connection.scalar(seconds) == pause


async def test_claimed_delivery_is_left_to_its_worker_for_a_lease(database: Database) -> None:
    await store(database, "a")
    async with database.transaction() as connection:
        assert len(await claim(connection, 20)) == 1
    async with database.transaction() as connection:
        assert await claim(connection, 20) == []
    await make_due(database)
    async with database.transaction() as connection:
        [delivery] = await claim(connection, 20)
    assert delivery.attempts == 2


async def test_full_batch_asks_for_the_next_round(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "BATCH", 2)
    await store(database, "a", "b", "c")
    worker = DeliveryWorker(database, Peer().post)
    assert await worker.deliver_due()
    assert not await worker.deliver_due()
