"""Shuffled and repeated events: each takes effect once, and the newest version stays."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from redis.asyncio import Redis
from sqlalchemy import text

from domain_services.events import BACKLOG_GROUP, DAILY_SCRUM_EVENTS
from domain_services.kernel.database.database import Database
from tests.faults import bench
from tests.faults.bench import FREE_TASKS

TASKS = ("P1-TASK001", "P1-TASK002", "P1-TASK003")
HISTORIES = st.lists(
    st.tuples(st.sampled_from(TASKS), st.integers(1, 30)), min_size=1, max_size=25, unique=True
)


async def deliver(
    database: Database, redis: Redis, history: list[tuple[str, int]], chance: random.Random
) -> tuple[int, int]:
    """Send a shuffled history, a third of it twice; return entries pending and events sent."""
    await redis.flushall()
    async with database.transaction() as connection:
        await connection.execute(
            text("UPDATE tasks SET sprint_version = 0, version = 1, progress_percentage = 0")
        )
        await connection.execute(text("DELETE FROM inbox"))
    events = [bench.updated(version, task_id) for task_id, version in history]
    sent = events + chance.sample(events, len(events) // 3)
    chance.shuffle(sent)
    await bench.send(redis, *sent)
    members = [bench.consumer(database, redis, BACKLOG_GROUP, name) for name in ("one", "two")]
    await redis.xgroup_create(DAILY_SCRUM_EVENTS, BACKLOG_GROUP, id="0", mkstream=True)
    while True:
        await chance.choice(members).step()
        [group] = await redis.xinfo_groups(DAILY_SCRUM_EVENTS)
        if not group["pending"] and not group["lag"]:
            return int(group["pending"]), len(sent)


@pytest.mark.parametrize("examples", [15, pytest.param(300, marks=pytest.mark.faults)])
async def test_newest_version_stays_in_any_order(
    database_url: Callable[[str], str],
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Any,
    examples: int,
) -> None:
    monkeypatch.setattr("domain_services.kernel.messaging.inbox.BLOCK_MILLISECONDS", 1)
    url, events = database_url("domain_services.backlog"), 0
    async with bench.filled(url, *FREE_TASKS) as database, Redis.from_url(redis_url) as redis:
        histories = _histories(examples)
        for number, history in enumerate(histories):
            chance = random.Random(number)
            pending, sent = await deliver(database, redis, history, chance)
            events += sent
            newest = {task: max((v for t, v in history if t == task), default=0) for task in TASKS}
            async with database.transaction() as connection:
                rows = await connection.execute(
                    text("SELECT task_id, progress_percentage, sprint_version FROM tasks")
                )
                rows_by_task = {row[0]: (row[1], row[2]) for row in rows}
                inbox_rows = await connection.scalar(text("SELECT count(*) FROM inbox"))
            assert pending == 0
            assert rows_by_task == {task: (version, version) for task, version in newest.items()}
            assert inbox_rows == len(history)
    record_property("counted", {"shuffled histories": len(histories), "shuffled events": events})


def _histories(count: int) -> list[list[tuple[str, int]]]:
    """Draw histories by hypothesis; apart from the test, because its examples cannot await."""
    histories: list[list[tuple[str, int]]] = []

    @seed(1)
    @settings(max_examples=count, database=None, suppress_health_check=list(HealthCheck))
    @given(HISTORIES)
    def draw(history: list[tuple[str, int]]) -> None:
        histories.append(history)

    draw()
    return histories
