"""Hot reads by psycopg itself: the same rows, and no dead connection."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import text

from domain_services.kernel.database.database import Database
from domain_services.kernel.errors import Unavailable

PID = text("SELECT pg_backend_pid() AS pid, CAST(:value AS json) AS value")


async def test_connection_that_the_server_closed_is_not_used_again(
    database_url: Callable[[str], str],
) -> None:
    database = Database(database_url("domain_services.project"), pool_size=1)
    try:
        (before,) = await database.rows(PID, {"value": '{"n": [1, null]}'})
        assert before.value == {"n": [1, None]}
        async with database.transaction() as connection:
            ending = text("SELECT pg_terminate_backend(:pid, 2000)")
            await connection.execute(ending, {"pid": before.pid})
        (after,) = await database.rows(PID, {"value": "1"})
        assert after.pid != before.pid
    finally:
        await database.close()


async def test_first_read_after_a_restart_succeeds_with_many_dead_connections(
    database_url: Callable[[str], str],
) -> None:
    database = Database(database_url("domain_services.project"), pool_size=1)
    busy = text("SELECT pg_backend_pid() AS pid, pg_sleep(CAST(:value AS float))")
    try:
        pids = {
            row.pid
            for rows in await asyncio.gather(
                *(database.rows(busy, {"value": "0.2"}) for _ in range(20))
            )
            for row in rows
        }
        assert len(pids) == 5
        async with database.transaction() as connection:
            ending = text("SELECT pg_terminate_backend(pid, 2000) FROM unnest(:pids) AS pid")
            await connection.execute(ending, {"pids": list(pids)})
        (after,) = await database.rows(PID, {"value": "1"})
        assert after.pid not in pids
    finally:
        await database.close()


@pytest.mark.deadline
async def test_a_database_that_does_not_answer_is_unavailable() -> None:
    database = Database("postgresql+psycopg://postgres@/none?host=/nowhere")
    try:
        with pytest.raises(Unavailable):
            await database.rows(PID, {"value": "1"})
    finally:
        await database.close()
