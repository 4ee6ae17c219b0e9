"""Events of the sprint service take effect in the backlog once, the newest version last."""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any

import httpx
import psycopg
import pytest
from redis.asyncio import Redis

from domain_services.backlog.app import create_app
from domain_services.backlog.client import BacklogClient
from domain_services.backlog.schema import (
    ReservationCreate,
    Task,
    TaskCreate,
    TasksCreate,
    TaskUpdate,
)
from domain_services.backlog.settings import BacklogSettings
from domain_services.events import BACKLOG_GROUP, DAILY_SCRUM_EVENTS, TaskUpdated
from domain_services.kernel.messaging.consumer_names import consumer_name
from domain_services.kernel.messaging.envelope import Envelope, confirmations_key, wrap
from domain_services.kernel.settings import Peers
from domain_services.kernel.types import utc_now
from tests.conftest import serving

SOURCE = "sprint-service"
FIRST = "P1-TASK001"


def task_updated(version: int, task_id: str = FIRST, **values: Any) -> Envelope:
    """Make an event of the sprint service."""
    base: dict[str, Any] = {
        "task_id": task_id,
        "project_id": "P1",
        "sprint_id": "P1-S01",
        "status": "in_progress",
        "progress_percentage": 50,
        "updated_at": utc_now(),
        "assigned_to": "E001",
        "version": version,
    }
    return wrap(TaskUpdated.model_validate(base | values), source=SOURCE)


class Stream:
    """Producer's side of the stream: sends events, and waits for their confirmations."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis

    async def send(self, *events: Envelope | str) -> None:
        for event in events:
            body = event if isinstance(event, str) else event.model_dump_json()
            await self.redis.xadd(DAILY_SCRUM_EVENTS, {"event": body})

    async def confirmed(self, count: int) -> list[str]:
        confirmations: list[str] = []
        while len(confirmations) < count:
            answer: Any = await self.redis.blpop([confirmations_key(SOURCE)], timeout=20)
            assert answer is not None, f"{len(confirmations)} of {count} events were confirmed"
            confirmations.append(answer[1].decode())
        return confirmations


@pytest.fixture
async def stream(redis_url: str) -> AsyncIterator[Stream]:
    # It waits for confirmations longer than redis-py would for any answer.
    async with Redis.from_url(redis_url, socket_timeout=None) as redis:
        yield Stream(redis)


@pytest.fixture
async def backlog_of_three(backlog: BacklogClient) -> BacklogClient:
    tasks = [TaskCreate(title=f"task {n}") for n in range(3)]
    await backlog.create_tasks("P1", TasksCreate(tasks=tasks))
    return backlog


async def dead_letters(settings: BacklogSettings) -> list[tuple[str, str]]:
    assert settings.database_url is not None
    url = settings.database_url.get_secret_value().replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(url) as connection:
        rows = await connection.execute("SELECT payload, error FROM dead_letters ORDER BY id")
        return await rows.fetchall()


async def test_task_update_changes_its_task(
    backlog_of_three: BacklogClient, stream: Stream
) -> None:
    event = task_updated(1)
    await stream.send(event)
    assert await stream.confirmed(1) == [f"{event.event_id} {BACKLOG_GROUP}"]
    task = await backlog_of_three.get_task(FIRST)
    assert (task.status, task.progress_percentage) == ("in_progress", 50)
    assert (task.sprint_id, task.assigned_to) == ("P1-S01", "E001")
    [_, change] = await backlog_of_three.list_history(FIRST)
    assert change.at == datetime.fromisoformat(event.event_data["updated_at"])
    assert (change.actor, change.from_status, change.to_status) == (
        SOURCE,
        "unassigned",
        "in_progress",
    )


async def test_completing_a_dependency_in_a_sprint_makes_its_dependents_ready(
    backlog_of_three: BacklogClient, stream: Stream
) -> None:
    await backlog_of_three.update_task("P1-TASK002", TaskUpdate(depends_on=[FIRST]))
    assert not (await backlog_of_three.get_task("P1-TASK002")).ready
    await stream.send(task_updated(1, status="completed", progress_percentage=100))
    await stream.confirmed(1)
    assert (await backlog_of_three.get_task("P1-TASK002")).ready


async def test_repeated_event_has_no_second_effect(
    backlog_of_three: BacklogClient, stream: Stream
) -> None:
    event = task_updated(1)
    await stream.send(event)
    await stream.confirmed(1)
    once = await backlog_of_three.get_task(FIRST)
    await stream.send(event, event)
    assert len(await stream.confirmed(2)) == 2
    assert await backlog_of_three.get_task(FIRST) == once


async def test_older_version_is_ignored(backlog_of_three: BacklogClient, stream: Stream) -> None:
    await stream.send(task_updated(5, progress_percentage=80))
    await stream.confirmed(1)
    newest = await backlog_of_three.get_task(FIRST)
    await stream.send(
        task_updated(4, progress_percentage=10), task_updated(5, progress_percentage=20)
    )
    await stream.confirmed(2)
    assert await backlog_of_three.get_task(FIRST) == newest


@pytest.mark.parametrize("seed", range(3))
async def test_newest_version_stays_in_any_order_of_events(
    backlog_of_three: BacklogClient, stream: Stream, seed: int
) -> None:
    order = random.Random(seed)
    ids = [FIRST, "P1-TASK002", "P1-TASK003"]
    history = [
        task_updated(version, task_id, progress_percentage=version * 7)
        for task_id in ids
        for version in range(1, 11)
    ]
    sent = history + order.sample(history, 15)
    order.shuffle(sent)
    await stream.send(*sent)
    await stream.confirmed(len(sent))
    for task_id in ids:
        assert (await backlog_of_three.get_task(task_id)).progress_percentage == 70


async def test_unfinished_task_is_free_after_its_release(
    backlog_of_three: BacklogClient, stream: Stream
) -> None:
    await backlog_of_three.reserve("P1", ReservationCreate(sprint_id="P1-S01"))
    await stream.send(
        task_updated(3),
        task_updated(4, sprint_id=None, status="unassigned"),
        task_updated(3, "P1-TASK002", status="completed", progress_percentage=100),
    )
    await stream.confirmed(3)
    task = await backlog_of_three.get_task(FIRST)
    assert (task.status, task.sprint_id, task.progress_percentage) == ("unassigned", None, 50)
    done = await backlog_of_three.get_task("P1-TASK002")
    assert (done.status, done.sprint_id) == ("completed", "P1-S01")
    again = ReservationCreate(sprint_id="P1-S02", task_ids=[FIRST])
    assert len((await backlog_of_three.reserve("P1", again)).tasks) == 1


async def test_events_of_the_next_sprint_are_newer_than_those_of_the_last(
    backlog_of_three: BacklogClient, stream: Stream
) -> None:
    # Of the first sprint's events only the last was applied: versions there ran ahead of ours.
    await stream.send(task_updated(40, sprint_id=None, status="unassigned"), task_updated(30))
    await stream.confirmed(2)
    assert (await backlog_of_three.get_task(FIRST)).progress_percentage == 50
    request = ReservationCreate(sprint_id="P1-S02", task_ids=[FIRST])
    [task] = (await backlog_of_three.reserve("P1", request)).tasks
    await stream.send(task_updated(task.version + 1, sprint_id="P1-S02", progress_percentage=10))
    await stream.confirmed(1)
    assert (await backlog_of_three.get_task(FIRST)).progress_percentage == 10


async def test_poison_event_becomes_a_dead_letter_and_others_flow(
    backlog_of_three: BacklogClient, backlog_settings: Callable[..., Any], stream: Stream
) -> None:
    unknown = task_updated(1, "P1-TASK999")
    of_another_project = task_updated(1, project_id="P2")
    impossible = task_updated(1, progress_percentage=101)
    shapeless = task_updated(1).model_copy(update={"event_data": {"task_id": FIRST}})
    good = task_updated(1, "P1-TASK002")
    await stream.send("no JSON", "{}", unknown, of_another_project, impossible, shapeless, good)
    await stream.redis.xadd(DAILY_SCRUM_EVENTS, {"other": "field"})
    confirmed = await stream.confirmed(5)
    # Dead letters are confirmed as well: the producer need not send them again.
    expected = (unknown, of_another_project, impossible, shapeless, good)
    assert {entry.split()[0] for entry in confirmed} == {str(event.event_id) for event in expected}
    assert (await backlog_of_three.get_task("P1-TASK002")).progress_percentage == 50
    assert (await backlog_of_three.get_task(FIRST)).version == 1
    parked = await dead_letters(backlog_settings())
    assert len(parked) == 6
    assert any("LookupError: there is no task P1-TASK999" in error for _, error in parked)
    pending: Any = await stream.redis.xpending(DAILY_SCRUM_EVENTS, BACKLOG_GROUP)
    assert pending["pending"] == 0


async def test_events_of_other_types_are_ignored(
    backlog_of_three: BacklogClient, stream: Stream
) -> None:
    await stream.send(task_updated(1).model_copy(update={"event_type": "TASK_PROGRESSED"}))
    await stream.confirmed(1)
    assert (await backlog_of_three.get_task(FIRST)).version == 1


async def test_lost_stream_is_read_again_when_it_is_back(
    backlog_of_three: BacklogClient, stream: Stream
) -> None:
    await stream.send(task_updated(1))
    await stream.confirmed(1)
    await stream.redis.flushall()
    await stream.send(task_updated(2, progress_percentage=60))
    await stream.confirmed(1)
    assert (await backlog_of_three.get_task(FIRST)).progress_percentage == 60


Serving = Callable[[], AbstractAsyncContextManager[str]]


@pytest.fixture
def serving_again(backlog_settings: Callable[..., BacklogSettings], project_url: str) -> Serving:
    """Starts the same service, with the same port, as often as it is called."""
    settings = backlog_settings(peers=Peers(project=project_url))
    return lambda: serving(create_app(settings), settings.port)


@pytest.mark.parametrize("reader", ["itself", "a dead replica", "nobody"])
async def test_restarted_service_processes_unfinished_entries(
    serving_again: Serving,
    stream: Stream,
    http: httpx.AsyncClient,
    reader: str,
) -> None:
    async with serving_again() as url:
        await BacklogClient(http, url).create_tasks("P1", TaskCreate(title="a"))
        await stream.send(task_updated(1))
        await stream.confirmed(1)
    await stream.send(task_updated(2, progress_percentage=60))
    if reader != "nobody":
        name = consumer_name(int(url.rsplit(":", 1)[1])) if reader == "itself" else "gone"
        await take_and_die(stream.redis, name)
    async with serving_again() as url:
        await stream.confirmed(1)
        task = await BacklogClient(http, url).get_task(FIRST)
        assert task.progress_percentage == 60
    # The restarted service is the consumer that it was, not one more.
    members: Any = await stream.redis.xinfo_consumers(DAILY_SCRUM_EVENTS, BACKLOG_GROUP)
    assert len(members) == (2 if reader == "a dead replica" else 1)


async def take_and_die(redis: Redis, name: str) -> None:
    """Read as consumer `name` without ever acknowledging, as long ago as any reclaim asks for."""
    await redis.xreadgroup(BACKLOG_GROUP, name, {DAILY_SCRUM_EVENTS: ">"})
    [pending] = await redis.xpending_range(DAILY_SCRUM_EVENTS, BACKLOG_GROUP, "-", "+", 10)
    await redis.xclaim(
        DAILY_SCRUM_EVENTS, BACKLOG_GROUP, name, 0, [pending["message_id"]], idle=60_000
    )


async def test_changes_by_users_and_by_sprints_are_both_stored(
    backlog_of_three: BacklogClient, stream: Stream
) -> None:
    await stream.send(*(task_updated(version) for version in range(1, 11)))
    for priority in (1, 2, 4, 5):
        await backlog_of_three.update_task(FIRST, TaskUpdate(priority=priority))
    await stream.confirmed(10)
    task: Task = await backlog_of_three.get_task(FIRST)
    assert (task.priority, task.progress_percentage) == (5, 50)
