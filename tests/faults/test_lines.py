"""Faulty connections to PostgreSQL and Valkey: 503 in time, and recovery by itself."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import psycopg
import pytest

from deploy.local.servers import EmbeddedServers
from memory.pool import open_pool
from tests.conftest import Databases
from tests.faults.fleet import Fleet, until
from tests.faults.invariants import Stores
from tests.faults.proxy import FaultProxy, Mode, proxying

pytestmark = pytest.mark.faults

ANSWER_SECONDS = 8.0
BACK_SECONDS = 5.0
OUTAGE_SECONDS = 4.0
RECONNECT_SECONDS = 3.0
MODES: tuple[Mode, ...] = ("refuse", "delay", "reset", "truncate", "garbage", "blackhole")


@pytest.fixture(scope="module")
async def lines(fleet: Fleet, servers: EmbeddedServers) -> AsyncIterator[dict[str, FaultProxy]]:
    """Start a sprint service that reaches its stores through proxies only."""
    async with AsyncExitStack() as stack:
        sockets = {
            "postgres": str(servers.postgres.sockets / ".s.PGSQL.5432"),
            "redis": str(servers.valkey.socket),
        }
        proxies = {
            name: await stack.enter_async_context(proxying(path, seconds=0.2))
            for name, path in sockets.items()
        }
        await fleet.start("project", "backlog", "chronicle", "sprint")
        direct = fleet.databases["sprint"]
        name = direct.split("?")[0].rsplit("/", 1)[-1]
        through = f"postgresql+psycopg://postgres@127.0.0.1:{proxies['postgres'].port}/{name}"
        redis = f"redis://127.0.0.1:{proxies['redis'].port}"
        await fleet.kill("sprint")
        await fleet.start("sprint", database_url=through, redis_url=redis)
        yield proxies


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("line", ["postgres", "redis"])
async def test_faulty_connection_is_answered_in_time_and_recovers(
    fleet: Fleet,
    stores: Stores,
    lines: dict[str, FaultProxy],
    line: str,
    mode: Mode,
    record_property: Any,
) -> None:
    project = f"LINE-{line}-{mode}".upper()
    await fleet.create_project(project, 2, ["ann"])
    path = f"/sprints/{project}"
    lines[line].set(mode)
    try:
        start = time.monotonic()
        answer = await fleet.call("sprint", "POST", path, {}, key=project)
        took = time.monotonic() - start
    finally:
        lines[line].set("pass")
    assert answer.status_code in (201, 503), answer.text
    assert answer.status_code == 201 or "Retry-After" in answer.headers
    assert took < ANSWER_SECONDS

    async def answered() -> bool:
        return (await fleet.call("sprint", "POST", path, {}, key=project)).status_code == 201

    back = await until(answered, "a sprint", 15)
    assert back < BACK_SECONDS
    assert await stores.wait_until_quiet() == []
    assert await stores.violations() == []
    record_property("counted", {"requests over bad lines": 1})


async def test_memory_pool_reconnects_soon_after_a_long_outage(
    servers: EmbeddedServers, databases: Databases
) -> None:
    """psycopg's own pauses between attempts would have grown to four seconds by then."""
    url = databases.fresh("memory")
    name = url.split("?")[0].rsplit("/", 1)[-1]
    async with proxying(str(servers.postgres.sockets / ".s.PGSQL.5432")) as proxy:
        through = f"postgresql://postgres@127.0.0.1:{proxy.port}/{name}"
        async with open_pool(through) as pool:
            proxy.set("refuse")
            outage_end = time.monotonic() + OUTAGE_SECONDS
            while time.monotonic() < outage_end:
                with pytest.raises(psycopg.OperationalError):
                    async with pool.connection(timeout=0.2) as connection:
                        await connection.execute("SELECT 1")
            proxy.set("pass")
            started = time.monotonic()
            async with pool.connection() as connection:
                await connection.execute("SELECT 1")
            assert time.monotonic() - started < RECONNECT_SECONDS
    databases.drop(url)


async def test_memory_pool_opens_when_the_database_answers_late(
    servers: EmbeddedServers, databases: Databases
) -> None:
    """Beside many starting processes the first attempts may fail; the start goes on."""
    url = databases.fresh("memory")
    name = url.split("?")[0].rsplit("/", 1)[-1]
    async with proxying(str(servers.postgres.sockets / ".s.PGSQL.5432")) as proxy:
        proxy.set("refuse")

        async def open_and_ask() -> object:
            through = f"postgresql://postgres@127.0.0.1:{proxy.port}/{name}"
            async with open_pool(through) as pool, pool.connection() as connection:
                return await (await connection.execute("SELECT 1")).fetchone()

        async def many_attempts_failed() -> bool:
            return proxy.connections >= 8

        opening = asyncio.create_task(open_and_ask())
        await until(many_attempts_failed, "further attempts to connect")
        assert not opening.done()
        proxy.set("pass")
        assert await opening == (1,)
    databases.drop(url)
