"""A process that leaves gives back what it had leased; the next one does not wait."""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from uuid import uuid4

import pytest
from pydantic import BaseModel
from structlog.testing import capture_logs

from domain_services.kernel import background
from domain_services.kernel.background import Background, every, giving_back
from domain_services.kernel.database.database import Database
from domain_services.kernel.messaging import inbox
from domain_services.kernel.messaging.deliveries import Delivery, DeliveryWorker, enqueue
from domain_services.kernel.messaging.group_member import Entry
from domain_services.kernel.messaging.inbox import Consumer
from tests.kernel.box.app import GROUP, STREAM
from tests.kernel.conftest import BoxService


class Note(BaseModel):
    label: str


@pytest.fixture
async def database(database_url: Callable[[str], str]) -> AsyncIterator[Database]:
    database = Database(database_url("domain_services.sprint"), pool_size=3)
    yield database
    await database.close()


async def cancel(task: "asyncio.Task[object]") -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_deliveries_of_a_leaving_worker_are_due_at_once(database: Database) -> None:
    for label in ("first", "second", "third"):
        async with database.transaction() as connection:
            await enqueue(connection, uuid4(), "/notes", Note(label=label))
    posted: list[object] = []
    reached = asyncio.Event()

    async def post_one(delivery: Delivery) -> None:
        if posted:
            reached.set()
            await asyncio.Event().wait()
        posted.append(delivery.body["label"])

    async def post(delivery: Delivery) -> None:
        posted.append(delivery.body["label"])

    leaving = asyncio.create_task(DeliveryWorker(database, post_one).deliver_due())
    await reached.wait()
    await cancel(leaving)
    await DeliveryWorker(database, post).deliver_due()
    assert posted == ["first", "second", "third"]


async def test_entries_of_a_leaving_consumer_are_claimed_without_waiting(
    box: BoxService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "BLOCK_MILLISECONDS", 20)
    await box.redis.delete(STREAM)
    await box.redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
    for _ in range(3):
        await box.redis.xadd(STREAM, {"event": "{}"})
    reached, gate = asyncio.Event(), asyncio.Event()

    class Stuck(Consumer):
        async def _process(self, entries: list[Entry]) -> None:
            reached.set()
            await gate.wait()

    class Counting(Consumer):
        handled = 0

        async def _process(self, entries: list[Entry]) -> None:
            self.handled += len(entries)

    parts = {"stream": STREAM, "group": GROUP, "handlers": {}}
    stuck = Stuck(box.database, box.redis, name="leaving", **parts)
    other = Counting(box.database, box.redis, name="staying", **parts)
    step = asyncio.create_task(stuck._step_in_group())
    await reached.wait()
    await cancel(step)
    await other.step()
    assert other.handled == 3


async def test_lease_is_given_back_also_when_it_is_cancelled_again() -> None:
    given_back: list[str] = []
    working, returning, gate = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def give_back() -> None:
        returning.set()
        await gate.wait()
        given_back.append("lease")

    async def work() -> None:
        async with giving_back("lease", give_back):
            working.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await working.wait()
    task.cancel()
    await returning.wait()
    task.cancel()
    await asyncio.sleep(0)
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert given_back == ["lease"]


@pytest.mark.parametrize("store", ["refuses", "is silent"])
async def test_store_that_is_away_does_not_hold_a_leaving_process(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "GIVE_BACK_SECONDS", 0.05)
    working = asyncio.Event()

    async def give_back() -> None:
        if store == "refuses":
            raise OSError("away")
        await asyncio.Event().wait()

    async def work() -> None:
        async with giving_back("run 7", give_back):
            working.set()
            await asyncio.Event().wait()

    with capture_logs() as logs:
        task = asyncio.create_task(work())
        await working.wait()
        await cancel(task)
    assert [(log["event"], log["lease"]) for log in logs] == [("lease.not_given_back", "run 7")]


async def test_failure_keeps_the_lease_for_those_who_handle_it() -> None:
    given_back: list[str] = []

    async def give_back() -> None:
        given_back.append("lease")

    with pytest.raises(ValueError, match="work"):
        async with giving_back("lease", give_back):
            raise ValueError("work")
    assert given_back == []


async def test_loop_that_serves_requests_outlives_the_others() -> None:
    begun = [asyncio.Event(), asyncio.Event()]

    async def work(number: int) -> None:
        begun[number].set()

    chores = every(None, partial(work, 0), name="chores")
    queue = every(None, partial(work, 1), name="queue", serves_requests=True)
    loops = Background()
    async with loops.running(chores, queue):
        await asyncio.gather(*(event.wait() for event in begun))
        await loops.leave()
        assert (chores.state, queue.state) == ("stopped", "ok")
    assert queue.state == "stopped"
