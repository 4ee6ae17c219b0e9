"""Hold on a conversation while one message is worked on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from domain_services.kernel.background import sleep_or_wake
from memory.chat_threads import ChatThreads, Thread, ThreadBusy

logger = structlog.get_logger()

# A conversation is free again so long after its process was killed.
HOLD_SECONDS = 20.0
RENEWALS_A_HOLD = 4


@asynccontextmanager
async def holding(threads: ChatThreads, thread: Thread) -> AsyncIterator[None]:
    """Hold a claimed conversation until the end of the block, and let go of it then.

    Raises: `ThreadBusy` when another message took it over, because no renewal was possible.
    """
    hold, limit = _Hold(threads, thread), asyncio.timeout(None)
    renewing = asyncio.create_task(hold.renew(limit), name="hold on a conversation")
    try:
        async with limit:
            yield
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise ThreadBusy(
            "another message took this conversation over; read it, and send this one again",
            thread_id=str(thread.thread_id),
        ) from error
    finally:
        hold.ending.set()
        # A person who leaves cancels the work, and not this.
        await asyncio.shield(hold.end(renewing))


class _Hold:
    """One message's hold, as it was renewed last."""

    def __init__(self, threads: ChatThreads, thread: Thread) -> None:
        self._threads = threads
        self._thread = thread
        self.ending = asyncio.Event()

    async def renew(self, limit: asyncio.Timeout) -> None:
        """Renew again and again; `limit` ends the work when another message holds it."""
        while True:
            await sleep_or_wake(HOLD_SECONDS / RENEWALS_A_HOLD, self.ending)
            if self.ending.is_set():
                return
            try:
                renewed = await self._threads.renew(self._thread, HOLD_SECONDS)
            except Exception as error:
                logger.warning(
                    "chat.hold_not_renewed",
                    thread_id=str(self._thread.thread_id),
                    error=f"{type(error).__name__}: {error}",
                )
                continue
            if renewed is None and not self.ending.is_set():
                limit.reschedule(asyncio.get_running_loop().time())
            if renewed is None:
                return
            self._thread = renewed

    async def end(self, renewing: asyncio.Task[None]) -> None:
        """Let go of the conversation."""
        # Cancelled amid its statement, a renewal would hold what nobody could release any more.
        await asyncio.wait([renewing])
        await self._threads.release(self._thread)
