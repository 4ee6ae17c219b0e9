"""Busy and absent stores: no event becomes a dead letter, and the events of others flow."""

from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel.messaging import effects, inbox
from domain_services.kernel.messaging.envelope import Envelope, confirmations_key, wrap
from domain_services.kernel.messaging.inbox import Consumer
from tests.kernel.box.app import GROUP, STREAM, BoxAdded, handle_box_added
from tests.kernel.conftest import BoxService

_shelves = count()


@pytest.fixture(autouse=True)
async def _empty(box: BoxService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "RETRY_SECONDS", 0)
    monkeypatch.setattr(inbox, "BLOCK_MILLISECONDS", 20)
    monkeypatch.setattr(effects, "LOCK_MILLISECONDS", 50)
    await box.redis.delete(STREAM, confirmations_key("boxes"))
    await box.redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)


@pytest.fixture
async def shelves(box: BoxService) -> AsyncIterator[tuple[str, str]]:
    """Return two shelves with a box each."""
    names = f"busy-{next(_shelves)}", f"free-{next(_shelves)}"
    for name in names:
        await box.add(name, "first")
    yield names


async def send(box: BoxService, *shelves: str) -> None:
    for shelf in shelves:
        event = wrap(BoxAdded(shelf=shelf, label="a"), source="boxes")
        await box.redis.xadd(STREAM, {"event": event.model_dump_json()})


async def letters(box: BoxService) -> int:
    async with box.database.reading() as connection:
        return int(await connection.scalar(text("SELECT count(*) FROM dead_letters")) or 0)


async def pending(box: BoxService) -> int:
    return int((await box.redis.xpending(STREAM, GROUP))["pending"])


def consumer(box: BoxService, handler: Any) -> Consumer:
    return Consumer(
        box.database,
        box.redis,
        stream=STREAM,
        group=GROUP,
        name="box-1",
        handlers={"BOX_ADDED": handler},
    )


async def lock_and_add(connection: AsyncConnection, event: Envelope) -> None:
    lock = text("SELECT FROM boxes WHERE shelf = :shelf FOR UPDATE")
    await connection.execute(lock, {"shelf": event.aggregate_id})
    await handle_box_added(connection, event)


async def test_events_of_others_pass_a_locked_row(
    box: BoxService, shelves: tuple[str, str]
) -> None:
    busy, free = shelves
    before, member = await letters(box), consumer(box, lock_and_add)
    lock = text("SELECT FROM boxes WHERE shelf = :shelf FOR UPDATE")
    async with box.database.transaction() as other:
        await other.execute(lock, {"shelf": busy})
        for _ in range(inbox.MAX_TRIES + 2):
            await send(box, busy, free)
            await member.step()
        assert await box.count(free) == inbox.MAX_TRIES + 3
        assert await pending(box) == inbox.MAX_TRIES + 2
    for _ in range(3):
        await member.step()
    assert await box.count(busy) == inbox.MAX_TRIES + 3
    assert (await pending(box), await letters(box)) == (0, before)


async def test_locked_table_counts_no_try(box: BoxService, shelves: tuple[str, str]) -> None:
    before, member = await letters(box), consumer(box, handle_box_added)
    await send(box, *shelves)
    async with box.database.transaction() as other:
        await other.execute(text("LOCK TABLE boxes IN SHARE ROW EXCLUSIVE MODE"))
        for _ in range(inbox.MAX_TRIES + 2):
            await member.step()
        assert await pending(box) == 2
    await member.step()
    assert [await box.count(shelf) for shelf in shelves] == [2, 2]
    assert await letters(box) == before


@pytest.mark.parametrize(
    ("state", "stops_all"),
    [
        pytest.param("55P03", False, id="lock timeout"),
        pytest.param("57014", False, id="statement timeout"),
        pytest.param("40P01", False, id="deadlock"),
        pytest.param("40001", False, id="serialization failure"),
        pytest.param("25006", True, id="read-only"),
        pytest.param("53100", True, id="disk full"),
        pytest.param("57P03", True, id="starting"),
    ],
)
@pytest.mark.parametrize("past_sqlalchemy", [False, True])
async def test_trouble_of_the_store_parks_nothing(
    box: BoxService,
    shelves: tuple[str, str],
    state: str,
    stops_all: bool,
    past_sqlalchemy: bool,
) -> None:
    """Handlers may use the connection of the driver: its errors count the same."""
    busy, free = shelves
    failures_left = inbox.MAX_TRIES + 2
    raising = f"DO $$ BEGIN RAISE EXCEPTION 'busy' USING ERRCODE = '{state}'; END $$"

    async def handle(connection: AsyncConnection, event: Envelope) -> None:
        nonlocal failures_left
        if event.aggregate_id == busy and failures_left:
            failures_left -= 1
            if past_sqlalchemy:
                raw: Any = await connection.get_raw_connection()
                await raw.driver_connection.execute(raising)
            await connection.execute(text(raising))
        await handle_box_added(connection, event)

    before, member = await letters(box), consumer(box, handle)
    await send(box, busy, free)
    stopped = 0
    for _ in range(2 * inbox.MAX_TRIES + 4):
        try:
            await member.step()
        except inbox.Outage:
            stopped += 1
    assert bool(stopped) == stops_all
    assert [await box.count(shelf) for shelf in shelves] == [2, 2]
    assert (await pending(box), await letters(box)) == (0, before)


async def test_entries_behind_a_page_of_busy_ones_are_tried_again(
    box: BoxService, shelves: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "BATCH", 2)
    busy, late = shelves
    failures_left = 2

    async def handle(connection: AsyncConnection, event: Envelope) -> None:
        nonlocal failures_left
        if event.aggregate_id == late and failures_left:
            failures_left -= 1
            raise LookupError("not yet")
        await lock_and_add(connection, event)

    member = consumer(box, handle)
    async with box.database.transaction() as other:
        lock = text("SELECT FROM boxes WHERE shelf = :shelf FOR UPDATE")
        await other.execute(lock, {"shelf": busy})
        await send(box, busy, busy, busy, late)
        for _ in range(12):
            await member.step()
        assert await box.count(late) == 2
