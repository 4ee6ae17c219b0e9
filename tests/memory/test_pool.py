"""The pool never lends a connection that the server has closed."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from memory import pool as pools
from memory.pool import open_pool
from tests.graphs.blackhole import Line


async def test_connection_that_the_server_closed_is_not_lent(
    database_url: Callable[[str], str],
) -> None:
    url = database_url("memory")
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    async with open_pool(url) as pool, await psycopg.AsyncConnection.connect(plain) as killer:
        for _ in range(3):
            async with pool.connection() as connection:
                pid = connection.info.backend_pid
            await killer.execute("SELECT pg_terminate_backend(%s, 2000)", (pid,))
            async with pool.connection() as connection:
                await connection.execute("SELECT 1")
                assert connection.info.backend_pid != pid


async def test_first_call_after_a_restart_is_served_with_every_connection_closed(
    database_url: Callable[[str], str],
) -> None:
    url = database_url("memory")
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    async with open_pool(url) as pool, await psycopg.AsyncConnection.connect(plain) as killer:
        async with AsyncExitStack() as stack:
            pids = [
                (await stack.enter_async_context(pool.connection())).info.backend_pid
                for _ in range(pool.max_size)
            ]
        ending = "SELECT pg_terminate_backend(pid, 2000) FROM unnest(%s) AS pid"
        await killer.execute(ending, (pids,))
        async with pool.connection() as connection:
            assert connection.info.backend_pid not in pids


async def test_one_wait_for_a_silent_server_ends_long_before_a_transaction_would(
    database_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = make_url(database_url("memory"))
    folder = there.query["host"]
    assert isinstance(folder, str)
    async with Line(path=Path(folder) / f".s.PGSQL.{there.port or 5432}").open() as line:
        url = there.set(host="127.0.0.1", port=line.port, query={"sslmode": "disable"})
        async with open_pool(url.render_as_string(hide_password=False)) as pool:
            monkeypatch.setattr(pools, "SILENCE_SECONDS", 0.2)
            async with asyncio.timeout(pools.HANG_UP_SECONDS / 2), pool.connection() as connection:
                line.silent = True
                with pytest.raises(psycopg.OperationalError):
                    await connection.execute("SELECT 1")
