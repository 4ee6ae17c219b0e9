"""The pool never lends a connection that the server has closed."""

from collections.abc import Callable
from contextlib import AsyncExitStack

import psycopg

from memory.pool import open_pool


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
