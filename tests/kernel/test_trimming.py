"""Trimming deletes entries that are a week old and read by every group, and no others."""

import time
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from domain_services.kernel.messaging import trimming
from domain_services.kernel.messaging.trimming import KEEP_DAYS, trim

STREAM = "trimmed_events"
GROUPS = ("one", "two")
DAY_MS = 86_400_000


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as client:
        yield client


async def fill(redis: Redis, *days_ago: float) -> list[str]:
    """Add an entry for each age, oldest first."""
    now = int(time.time() * 1000)
    ids = [f"{now - int(days * DAY_MS)}-0" for days in days_ago]
    for entry_id in ids:
        await redis.xadd(STREAM, {"event": "x"}, id=entry_id)
    return ids


async def read(redis: Redis, group: str, count: int, *, acknowledge: int) -> None:
    """Read `count` entries and acknowledge the first `acknowledge` of them."""
    await redis.xreadgroup(group, "member", {STREAM: ">"}, count=count)
    pending = await redis.xpending_range(STREAM, group, "-", "+", count)
    for entry in pending[:acknowledge]:
        await redis.xack(STREAM, group, entry["message_id"])


async def remaining(redis: Redis) -> list[str]:
    return [entry_id.decode() for entry_id, _ in await redis.xrange(STREAM)]


async def test_old_entries_that_all_groups_have_acknowledged_are_deleted(redis: Redis) -> None:
    ids = await fill(redis, 9, 8, 7.1, 6.9, 1)
    for group in GROUPS:
        await redis.xgroup_create(STREAM, group, id="0")
        await read(redis, group, 5, acknowledge=5)
    assert await trim(redis, STREAM, GROUPS, keep_days=KEEP_DAYS) == 3
    assert await remaining(redis) == ids[3:]


@pytest.mark.parametrize(
    ("delivered", "acknowledged", "kept_from"),
    [(0, 0, 0), (1, 1, 0), (3, 3, 2), (3, 0, 0), (3, 2, 2), (5, 1, 1)],
)
async def test_unread_and_unacknowledged_entries_stay(
    redis: Redis, delivered: int, acknowledged: int, kept_from: int
) -> None:
    ids = await fill(redis, 20, 19, 18, 17, 16)
    for group in GROUPS:
        await redis.xgroup_create(STREAM, group, id="0")
    await read(redis, "one", 5, acknowledge=5)
    if delivered:
        await read(redis, "two", delivered, acknowledge=acknowledged)
    await trim(redis, STREAM, GROUPS, keep_days=KEEP_DAYS)
    assert await remaining(redis) == ids[kept_from:]


async def test_a_group_that_is_not_there_yet_has_read_nothing(redis: Redis) -> None:
    ids = await fill(redis, 20, 19)
    await redis.xgroup_create(STREAM, "one", id="0")
    await read(redis, "one", 2, acknowledge=2)
    assert await trim(redis, STREAM, GROUPS, keep_days=KEEP_DAYS) == 0
    assert await remaining(redis) == ids


@pytest.mark.parametrize("is_read", [True, False])
async def test_entries_wait_for_an_unexpected_group_while_somebody_reads_as_it(
    redis: Redis, *, is_read: bool
) -> None:
    ids = await fill(redis, 20, 19)
    for group in (*GROUPS, "another"):
        await redis.xgroup_create(STREAM, group, id="0")
    for group in GROUPS:
        await read(redis, group, 2, acknowledge=2)
    if is_read:
        await redis.xgroup_createconsumer(STREAM, "another", "slow")
    await trim(redis, STREAM, GROUPS, keep_days=KEEP_DAYS)
    # Without a reader it is what an earlier release has left.
    assert await remaining(redis) == (ids if is_read else ids[1:])


async def test_long_stream_is_trimmed_in_several_commands(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trimming, "TRIMMED_AT_ONCE", 100)
    async with redis.pipeline(transaction=False) as pipe:
        for number in range(1, 951):
            pipe.xadd(STREAM, {"event": "x"}, id=f"{number}-0")
        await pipe.execute()
    for group in GROUPS:
        await redis.xgroup_create(STREAM, group, id="$")
    assert await trim(redis, STREAM, GROUPS, keep_days=KEEP_DAYS) == 949
    assert await remaining(redis) == ["950-0"]


async def test_missing_stream_has_nothing_to_trim(redis: Redis) -> None:
    assert await trim(redis, STREAM, GROUPS, keep_days=KEEP_DAYS) == 0
