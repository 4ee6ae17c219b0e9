"""The journal moves each episode to the table once, and one bad row delays no other."""

import asyncio
from typing import Any

import psycopg
import pytest

from domain_services.kernel.background import running
from memory.episode import Episode
from memory.journal import BATCH, Journal, append
from memory.pool import Pool
from memory.runs import RunTable
from tests.memory.conftest import Memory, decide, invent, perceive, remember


async def write(pool: Pool, episodes: list[Episode]) -> None:
    async with pool.connection() as connection, connection.transaction():
        for episode in episodes:
            await append(connection, episode)


async def test_episode_in_the_journal_twice_is_stored_once(memory: Memory) -> None:
    episode = remember(perceive())
    await write(memory.pool, [episode, episode])
    assert await memory.journal.drain() == 2
    assert (await memory.store.count("ALPHA")).episodes == 1


async def test_two_replicas_share_the_journal(memory: Memory) -> None:
    await write(memory.pool, invent(2 * BATCH))
    moved = await asyncio.gather(memory.journal.drain(), Journal(memory.pool).drain())
    while more := await memory.journal.drain():
        moved.append(more)
    assert sum(moved) == 2 * BATCH
    assert (await memory.store.count()).episodes == 2 * BATCH


async def rows_of_the_journal(pool: Pool) -> list[Any]:
    query = "SELECT tries, refused, set_aside_at IS NOT NULL FROM episode_journal ORDER BY id"
    async with pool.connection() as connection:
        return await (await connection.execute(query)).fetchall()


async def end_pauses(pool: Pool) -> None:
    async with pool.connection() as connection:
        await connection.execute("UPDATE episode_journal SET next_try = now()")


async def test_unreadable_episode_delays_no_other_and_is_set_aside(memory: Memory) -> None:
    async with memory.pool.connection() as connection:
        await connection.execute("""INSERT INTO episode_journal (episode) VALUES ('{"a": 1}')""")
    await write(memory.pool, [remember(perceive())])
    journal = Journal(memory.pool, tries=2)
    assert await journal.drain() == 1
    assert await rows_of_the_journal(memory.pool) == [(1, None, False)]
    assert await journal.drain() == 0  # it is not due before its pause ends
    assert await rows_of_the_journal(memory.pool) == [(1, None, False)]
    await end_pauses(memory.pool)
    assert await journal.drain() == 0
    [(tries, reason, is_set_aside)] = await rows_of_the_journal(memory.pool)
    assert (tries, is_set_aside) == (2, True)
    assert "Field required" in reason


async def test_episode_that_the_table_refuses_delays_no_other(memory: Memory) -> None:
    async with memory.pool.connection() as connection:
        await connection.execute("ALTER TABLE episodes ADD CHECK (project_id <> 'REFUSED')")
    bad = remember(perceive("REFUSED"))
    good = invent(40)
    await write(memory.pool, [*good[:20], bad, *good[20:]])
    assert await memory.journal.drain() == 40
    assert (await memory.store.count()).episodes == 40
    [(tries, _, is_set_aside)] = await rows_of_the_journal(memory.pool)
    assert (tries, is_set_aside) == (1, False)
    async with memory.pool.connection() as connection:
        await connection.execute("ALTER TABLE episodes DROP CONSTRAINT episodes_project_id_check")
    await end_pauses(memory.pool)
    assert await memory.journal.drain() == 1  # the repair is enough


async def test_database_in_trouble_counts_against_no_episode(memory: Memory) -> None:
    await write(memory.pool, [remember(perceive())])
    async with memory.pool.connection() as connection:
        await connection.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE SQLSTATE '53100' USING MESSAGE = 'could not extend file'; END $$"
        )
        await connection.execute(
            "CREATE TRIGGER full_disk BEFORE INSERT ON episodes EXECUTE FUNCTION refuse()"
        )
    journal = Journal(memory.pool, tries=1)
    with pytest.raises(psycopg.errors.DiskFull):
        await journal.drain()
    assert await rows_of_the_journal(memory.pool) == [(0, None, False)]


async def test_episode_of_a_rolled_back_transaction_is_not_stored(memory: Memory) -> None:
    async with memory.pool.connection() as connection, connection.transaction(force_rollback=True):
        await append(connection, remember(perceive()))
    assert await memory.journal.drain() == 0


async def test_end_of_a_run_wakes_the_journal(memory: Memory) -> None:
    runs = RunTable(memory.pool, memory.journal.wake)
    async with running(memory.journal.loop()):
        run = await runs.start("ALPHA", {}, 60)
        await runs.finish(
            run.run_id, run.token, decide(), remember(perceive(), episode_id=run.run_id)
        )
        async with asyncio.timeout(20):
            while (await memory.store.count()).episodes == 0:
                await asyncio.sleep(0.005)
    assert (await memory.store.count()).episodes == 1
