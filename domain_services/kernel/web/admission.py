"""Admission of requests: some run at once, some wait for a while, the rest are refused."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from domain_services.kernel import context
from domain_services.kernel.errors import Unavailable


class Overloaded(Unavailable):
    """Refusal of a request while too many run and wait; it has had no effect."""

    code = "overloaded"
    title = "Overloaded"


class Admission:
    """Queue in front of an app: runs `most_running` requests and lets `most_waiting` more wait."""

    # Refusing early keeps the accepted ones fast: docs/adr/0053-admission.md.

    def __init__(self, *, most_running: int, most_waiting: int, wait_seconds: float) -> None:
        self._most_running = most_running
        self._most_waiting = most_waiting
        self._wait_seconds = wait_seconds
        self._queue: deque[asyncio.Future[None]] = deque()
        self.running = 0

    @property
    def waiting(self) -> int:
        """Number of requests in the queue."""
        return len(self._queue)

    @asynccontextmanager
    async def admitted(self) -> AsyncIterator[None]:
        """Run the block when it is its turn. Raises: `Overloaded` without running it."""
        if self.running < self._most_running:
            self.running += 1
        else:
            await self._wait()
        try:
            yield
        finally:
            self._leave()

    async def _wait(self) -> None:
        if len(self._queue) >= self._most_waiting:
            raise Overloaded("too many requests are waiting; try again a little later")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        remaining = context.seconds_left()
        seconds = self._wait_seconds if remaining is None else min(remaining, self._wait_seconds)
        try:
            await asyncio.wait([turn], timeout=seconds)
        except asyncio.CancelledError:
            self._give_up(turn)
            raise
        if not turn.done():
            self._give_up(turn)
            raise Overloaded(f"no turn within {seconds:.1f} s; try again a little later")

    def _give_up(self, turn: asyncio.Future[None]) -> None:
        # The turn can arrive in the moment of giving up: then it goes to the next.
        if turn.done():
            self._leave()
        else:
            self._queue.remove(turn)

    def _leave(self) -> None:
        """Pass the turn of a request that ends to the next in the queue."""
        if self._queue:
            self._queue.popleft().set_result(None)
        else:
            self.running -= 1
