"""The journal moves each episode to the table once, and one bad row delays no other."""

import asyncio

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


async def test_unreadable_episode_delays_no_other(memory: Memory) -> None:
    async with memory.pool.connection() as connection:
        await connection.execute("""INSERT INTO episode_journal (episode) VALUES ('{"a": 1}')""")
    await write(memory.pool, [remember(perceive())])
    assert await memory.journal.drain() == 1
    assert await memory.journal.drain() == 0
    async with memory.pool.connection() as connection:
        cursor = await connection.execute("SELECT refused FROM episode_journal")
        ((reason,),) = await cursor.fetchall()
    assert "Field required" in reason


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
