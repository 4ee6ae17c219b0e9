"""A conversation is held by one message at a time, and by no dead process for long."""

import asyncio
from collections.abc import AsyncIterator, Callable
from uuid import UUID, uuid4

import pytest

from agent.chat import holding
from memory.chat_threads import ChatThreads, Thread, ThreadBusy
from memory.pool import Pool, open_pool

LENA = "lena"


@pytest.fixture
async def pool(database_url: Callable[[str], str]) -> AsyncIterator[Pool]:
    async with open_pool(database_url("memory")) as pool:
        yield pool


async def begin(threads: ChatThreads, seconds: float) -> Thread:
    return await threads.begin(uuid4(), LENA, None, "Hello", seconds)


async def is_busy(threads: ChatThreads, thread_id: UUID) -> bool:
    return (await threads.read(thread_id, LENA)).busy_until is not None


async def test_a_late_holder_releases_and_renews_nothing_of_the_next_one(pool: Pool) -> None:
    threads = ChatThreads(pool)
    late = await begin(threads, 0)
    present = await threads.claim(late.thread_id, LENA, 60)
    await threads.release(late)
    assert await threads.renew(late, 60) is None
    with pytest.raises(ThreadBusy):
        await threads.claim(late.thread_id, LENA, 60)
    await threads.release(present)
    assert not await is_busy(threads, late.thread_id)


async def test_a_hold_is_renewed_as_long_as_the_work_lasts(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "RENEWALS_A_HOLD", 2_000)
    threads = ChatThreads(pool)
    thread = await begin(threads, 60)
    async with holding.holding(threads, thread), asyncio.timeout(10):
        while (await threads.read(thread.thread_id, LENA)).busy_until == thread.busy_until:
            await asyncio.sleep(0.01)
    assert not await is_busy(threads, thread.thread_id)


async def test_work_ends_in_words_when_another_message_holds_its_conversation(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "RENEWALS_A_HOLD", 2_000)
    threads = ChatThreads(pool)
    # As after a database that was away for longer than the hold.
    late = await begin(threads, 0)
    await threads.claim(late.thread_id, LENA, 60)
    with pytest.raises(ThreadBusy, match="took this conversation over"):
        async with asyncio.timeout(10), holding.holding(threads, late):
            await asyncio.Event().wait()
    assert await is_busy(threads, late.thread_id)


async def test_a_cancelled_message_lets_go_of_its_conversation(pool: Pool) -> None:
    threads = ChatThreads(pool)
    thread = await begin(threads, 60)
    begun = asyncio.Event()

    async def work() -> None:
        async with holding.holding(threads, thread):
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not await is_busy(threads, thread.thread_id)
