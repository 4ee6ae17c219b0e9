"""Consumers of processes that have left are removed, without losing an event."""

import asyncio
import subprocess
import sys
from typing import Any

import pytest
from redis.asyncio import Redis

from domain_services.kernel.messaging import inbox
from domain_services.kernel.messaging.consumer_names import consumer_name, remove_left
from tests.kernel.box.app import GROUP, STREAM
from tests.kernel.conftest import BoxService


@pytest.fixture(autouse=True)
async def _empty(box: BoxService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "BLOCK_MILLISECONDS", 20)
    await box.redis.delete(STREAM)
    await box.redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)


async def names(redis: Redis) -> set[str]:
    consumers: Any = await redis.xinfo_consumers(STREAM, GROUP)
    return {consumer["name"].decode() for consumer in consumers}


async def test_consumer_that_asks_no_more_is_removed(box: BoxService) -> None:
    await box.redis.xgroup_createconsumer(STREAM, GROUP, "gone")
    assert await remove_left(box.redis, STREAM, GROUP, idle_seconds=0) == ["gone"]
    assert await names(box.redis) == set()


async def test_consumer_that_asked_a_moment_ago_stays(box: BoxService) -> None:
    await box.redis.xgroup_createconsumer(STREAM, GROUP, "resting")
    assert await remove_left(box.redis, STREAM, GROUP, idle_seconds=60) == []
    assert await names(box.redis) == {"resting"}


async def test_consumer_with_an_unfinished_entry_stays(box: BoxService) -> None:
    await box.redis.xadd(STREAM, {"event": "{}"})
    await box.redis.xreadgroup(GROUP, "gone", {STREAM: ">"})
    assert await remove_left(box.redis, STREAM, GROUP, idle_seconds=0) == []
    assert (await box.redis.xpending(STREAM, GROUP))["pending"] == 1


async def test_missing_stream_has_nobody_to_remove(box: BoxService) -> None:
    await box.redis.delete(STREAM)
    assert await remove_left(box.redis, STREAM, GROUP) == []


async def test_working_consumer_removes_those_that_left(
    box: BoxService, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def remove_soon(redis: Redis, stream: str, group: str) -> list[str]:
        return await remove_left(redis, stream, group, idle_seconds=0)

    monkeypatch.setattr(inbox, "remove_left", remove_soon)
    await box.redis.xgroup_createconsumer(STREAM, GROUP, "gone")
    working = asyncio.create_task(box.consumer.loop().run())
    try:
        async with asyncio.timeout(30):
            while "gone" in await names(box.redis):
                await asyncio.sleep(0.01)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    assert "gone" not in await names(box.redis)


def test_process_has_the_same_name_after_a_restart() -> None:
    program = (
        "from domain_services.kernel.messaging.consumer_names import consumer_name;"
        "print(consumer_name(8103))"
    )
    again = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert again.stdout.strip() == consumer_name(8103)
    assert consumer_name(8103) != consumer_name(8102)


def test_equal_host_names_and_ports_of_two_machines_give_two_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = consumer_name(8000)
    monkeypatch.setattr("domain_services.kernel.messaging.consumer_names._read", str)
    assert consumer_name(8000) != here
