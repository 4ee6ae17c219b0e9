"""Events take effect once or become dead letters, which a person replays or discards."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy.exc import OperationalError

from domain_services.kernel import context
from domain_services.kernel.client.dead_letters import DeadLettersClient
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.database.database import Database
from domain_services.kernel.messaging import inbox
from domain_services.kernel.messaging.dead_letters.schema import DeadLetter
from domain_services.kernel.messaging.envelope import (
    Envelope,
    Metadata,
    confirmations_key,
    wrap,
)
from tests.conftest import VIEWER_KEY, Databases
from tests.kernel.box.app import GROUP, STREAM, BoxAdded, make_consumer
from tests.kernel.conftest import BoxService

_shelves = count()


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"RETRY_SECONDS": 0, "BLOCK_MILLISECONDS": 20}.items():
        monkeypatch.setattr(inbox, name, value)


@pytest.fixture(autouse=True)
async def _empty(box: BoxService) -> None:
    await box.redis.delete(STREAM, confirmations_key("boxes"))
    await box.redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)


@pytest.fixture
def shelf() -> str:
    return f"shelf-{next(_shelves)}"


@pytest.fixture
def letters(box: BoxService) -> DeadLettersClient:
    return DeadLettersClient(box.http, box.url)


def box_added(shelf: str, label: str = "a") -> Envelope:
    return wrap(BoxAdded(shelf=shelf, label=label), source="boxes")


async def send(box: BoxService, *events: Envelope | str) -> None:
    for event in events:
        body = event if isinstance(event, str) else event.model_dump_json()
        await box.redis.xadd(STREAM, {"event": body})


async def settle(box: BoxService, steps: int = 8) -> None:
    """Step until nothing is pending or unread."""
    for _ in range(steps):
        await box.consumer.step()
        [state] = await box.redis.xinfo_groups(STREAM)
        if not state["pending"] and not state["lag"]:
            return
    raise AssertionError(f"still {state}")


async def parked(box: BoxService, letters: DeadLettersClient, event: Envelope | str) -> DeadLetter:
    known = {letter.id for letter in await letters.list_dead_letters(limit=1000, resolved=True)}
    await send(box, event)
    await settle(box)
    [letter] = [e for e in await letters.list_dead_letters(limit=1000) if e.id not in known]
    return letter


async def test_dead_letter_names_error_stream_tries_and_time(
    box: BoxService, letters: DeadLettersClient, shelf: str
) -> None:
    event = box_added(shelf)
    letter = await parked(box, letters, event)
    assert (letter.stream, letter.consumer_group) == (STREAM, GROUP)
    assert (letter.event_id, letter.event_type) == (event.event_id, "BOX_ADDED")
    assert letter.error == f"LookupError: there is no shelf {shelf}"
    assert letter.tries == inbox.MAX_TRIES
    assert letter.parked_at.tzinfo is not None
    assert Envelope.model_validate_json(letter.payload) == event
    confirmed: Any = await box.redis.lrange(confirmations_key("boxes"), 0, -1)
    assert confirmed == [f"{event.event_id} {GROUP}".encode()]


async def test_a_replay_takes_effect_once_when_the_cause_is_repaired(
    box: BoxService, letters: DeadLettersClient, shelf: str
) -> None:
    letter = await parked(box, letters, box_added(shelf))
    with pytest.raises(PeerRefused) as refusal:
        await letters.replay_dead_letter(letter.id)
    assert (refusal.value.peer_status, refusal.value.problem["code"]) == (409, "still_fails")
    [again] = [e for e in await letters.list_dead_letters(limit=1000) if e.id == letter.id]
    assert again.tries == letter.tries + 1
    await box.add(shelf, "repaired")
    answers = [await letters.replay_dead_letter(letter.id) for _ in range(3)]
    assert {answer.resolution for answer in answers} == {"replayed"}
    assert {answer.resolved_by for answer in answers} == {"admin"}
    assert len({answer.resolved_at for answer in answers}) == 1
    assert await box.count(shelf) == 2
    assert letter.id not in {other.id for other in await letters.list_dead_letters(limit=1000)}
    with pytest.raises(PeerRefused) as refusal:
        await letters.discard_dead_letter(letter.id)
    assert refusal.value.problem["code"] == "resolved"


async def test_replays_at_once_take_effect_once(
    box: BoxService, letters: DeadLettersClient, shelf: str
) -> None:
    event = box_added(shelf)
    letter = await parked(box, letters, event)
    await box.add(shelf, "repaired")
    await asyncio.gather(*(letters.replay_dead_letter(letter.id) for _ in range(4)))
    await send(box, event)  # and sent once more by its producer
    await settle(box)
    assert await box.count(shelf) == 2


async def test_a_discarded_letter_stays_discarded(
    box: BoxService, letters: DeadLettersClient, shelf: str
) -> None:
    letter = await parked(box, letters, box_added(shelf))
    first = await letters.discard_dead_letter(letter.id)
    assert first == await letters.discard_dead_letter(letter.id)
    assert (first.resolution, first.resolved_by) == ("discarded", "admin")
    with pytest.raises(PeerRefused):
        await letters.replay_dead_letter(letter.id)
    assert await box.count(shelf) == 0


@pytest.mark.parametrize("body", ["no JSON", "{}", "\x00\ud7ff"])
async def test_payload_that_is_no_event_is_parked_at_once_and_can_only_be_discarded(
    box: BoxService, letters: DeadLettersClient, body: str
) -> None:
    letter = await parked(box, letters, body)
    assert (letter.tries, letter.event_type) == (1, None)
    with pytest.raises(PeerRefused, match="discard it"):
        await letters.replay_dead_letter(letter.id)
    assert (await letters.discard_dead_letter(letter.id)).resolution == "discarded"


async def test_letters_come_in_pages_and_only_to_admins(
    box: BoxService, letters: DeadLettersClient, shelf: str
) -> None:
    parked_letters = [await parked(box, letters, box_added(f"{shelf}-{n}")) for n in range(3)]
    page = await letters.list_dead_letters(after=parked_letters[0].id, limit=1)
    assert [letter.id for letter in page] == [parked_letters[1].id]
    headers = {"Authorization": f"Bearer {VIEWER_KEY}"}
    assert (await box.http.get("/admin/dead-letters", headers=headers)).status_code == 403
    for letter_id in ("0", "-1", "9" * 30, "x"):
        answer = await box.http.post(f"/admin/dead-letters/{letter_id}/replay")
        assert answer.status_code == 422
    assert (await box.http.delete("/admin/dead-letters/999999999")).status_code == 404


async def test_a_bug_in_a_handler_parks_its_event_and_others_flow(
    box: BoxService, letters: DeadLettersClient, shelf: str
) -> None:
    await box.add(shelf, "first")
    await send(box, box_added(shelf, "bug"), box_added(shelf, "fine"))
    await settle(box)
    assert await box.count(shelf) == 2
    errors = [letter.error for letter in await letters.list_dead_letters(limit=1000)]
    assert "TypeError: a bug in the handler" in errors


async def test_new_events_do_not_wait_for_one_that_fails(
    box: BoxService, shelf: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its tries, other events are handled, not only after its last one."""
    monkeypatch.setattr(inbox, "RETRY_SECONDS", 3600)
    await box.add(shelf, "first")
    consumer = make_consumer(box.database, box.redis)
    await send(box, box_added(shelf, "bug"))
    async with asyncio.timeout(30):
        await consumer.step()
        await send(box, box_added(shelf, "fine"))
        await consumer.step()
    assert await box.count(shelf) == 2
    [state] = await box.redis.xinfo_groups(STREAM)
    assert state["pending"] == 1


async def test_entries_read_before_a_restart_do_not_wait_for_a_failing_one(
    box: BoxService, shelf: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "BATCH", 1)
    monkeypatch.setattr(inbox, "RETRY_SECONDS", 0.03)
    await box.add(shelf, "first")
    await send(box, box_added(shelf, "bug"), box_added(shelf), box_added(shelf))
    before = make_consumer(box.database, box.redis)
    await box.redis.xreadgroup(GROUP, before._member.name, {STREAM: ">"}, count=3)
    consumer = make_consumer(box.database, box.redis)
    for _ in range(20):
        await consumer.step()
    assert await box.count(shelf) == 3
    [state] = await box.redis.xinfo_groups(STREAM)
    assert state["pending"] == 0


async def test_an_event_of_an_unknown_type_is_counted_and_ignored(
    box: BoxService, shelf: str
) -> None:
    before = box.consumer.outcomes.copy()
    unknown = box_added(shelf).model_copy(update={"event_type": "BOX_FORGOTTEN"})
    await box.add(shelf, "first")
    await send(box, unknown, box_added(shelf), box_added(shelf))
    await settle(box)
    assert dict(box.consumer.outcomes - before) == {"ignored": 1, "processed": 2}


class Restarting(Database):
    """Database that is down for the first transactions."""

    down = 3

    def transaction(self) -> Any:
        if self.down:
            self.down -= 1
            raise OperationalError("SELECT", {}, ConnectionError("server closed the connection"))
        return super().transaction()


async def test_outage_counts_no_try_of_the_event(
    box: BoxService, letters: DeadLettersClient, shelf: str
) -> None:
    await box.add(shelf, "first")
    known = len(await letters.list_dead_letters(limit=1000))
    database = Restarting(box.database.url, pool_size=1)
    consumer = make_consumer(database, box.redis)
    try:
        await send(box, box_added(shelf))
        for _ in range(Restarting.down):
            with pytest.raises(inbox.Outage):
                await consumer.step()
        await consumer.step()
    finally:
        await database.close()
    assert await box.count(shelf) == 2
    assert len(await letters.list_dead_letters(limit=1000)) == known


class AsRedis62(Redis):
    """Redis that answers XAUTOCLAIM as 6.2 does: two parts, and None for a deleted entry."""

    async def xautoclaim(self, *arguments: Any, **options: Any) -> Any:
        answer = await super().xautoclaim(*arguments, **options)
        return [answer[0], [(None, None), *answer[1]]]


@pytest.fixture
async def redis_62(databases: Databases) -> AsyncIterator[Redis]:
    async with AsRedis62.from_url(databases.redis_url) as redis:
        yield redis


@pytest.mark.parametrize("kind", ["as it is", "as Redis 6.2"])
async def test_entries_of_a_dead_consumer_are_claimed(
    box: BoxService,
    redis_62: Redis,
    shelf: str,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    assert inbox.RECLAIM_IDLE_MILLISECONDS + inbox.BLOCK_MILLISECONDS <= 30_000
    monkeypatch.setattr(inbox, "RECLAIM_IDLE_MILLISECONDS", 50)
    await box.add(shelf, "first")
    await send(box, *(box_added(shelf) for _ in range(3)))
    answer: Any = await box.redis.xreadgroup(GROUP, "dead", {STREAM: ">"}, count=3)
    [entries] = answer.values() if isinstance(answer, dict) else [answer[0][1]]
    [first, *_] = entries if isinstance(entries[0], tuple) else entries[0]
    await box.redis.xdel(STREAM, first[0])
    await asyncio.sleep(0.1)
    consumer = make_consumer(box.database, redis_62 if kind == "as Redis 6.2" else box.redis)
    for _ in range(3):
        await consumer.step()
    assert await box.count(shelf) == 3
    [state] = await box.redis.xinfo_groups(STREAM)
    assert state["pending"] == 0


async def test_a_stream_that_was_lost_is_read_from_its_beginning(
    box: BoxService, shelf: str
) -> None:
    await box.add(shelf, "first")
    running = asyncio.create_task(make_consumer(box.database, box.redis).loop().run())
    try:
        await box.redis.delete(STREAM)  # as FLUSHALL does: stream and group are gone
        await send(box, box_added(shelf))
        with suppress(TimeoutError):
            async with asyncio.timeout(30):
                while await box.count(shelf) < 2:
                    await asyncio.sleep(0.01)
        assert await box.count(shelf) == 2
    finally:
        running.cancel()
        await asyncio.wait([running])


async def test_an_event_carries_the_ids_of_its_request(shelf: str) -> None:
    trace = context.trace_of(None)
    variables: list[tuple[Any, str]] = [
        (context.request_id, "r-1"),
        (context.correlation_id, "c-1"),
        (context.traceparent, trace),
    ]
    tokens = [(variable, variable.set(value)) for variable, value in variables]
    try:
        metadata: Metadata = box_added(shelf).metadata
    finally:
        for variable, token in tokens:
            variable.reset(token)
    assert (metadata.request_id, metadata.correlation_id) == ("r-1", "c-1")
    assert metadata.traceparent is not None
    assert metadata.traceparent.split("-")[1] == trace.split("-")[1]
    assert box_added(shelf).metadata.traceparent is None
