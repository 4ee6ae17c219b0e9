"""How many requests run at once, how many wait for how long, and that the rest are told so."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from domain_services.kernel import context
from domain_services.kernel.errors import Unavailable


class Overloaded(Unavailable):
    """Too many requests are running and waiting; this one has had no effect."""

    code = "overloaded"
    title = "Overloaded"


class Admission:
    """`most_running` requests at once; `most_waiting` more wait their turn, each `wait_seconds`."""

    def __init__(self, *, most_running: int, most_waiting: int, wait_seconds: float) -> None:
        self._most_running = most_running
        self._most_waiting = most_waiting
        self._wait_seconds = wait_seconds
        self._queue: deque[asyncio.Future[None]] = deque()
        self.running = 0

    @property
    def waiting(self) -> int:
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
        left = context.seconds_left()
        seconds = self._wait_seconds if left is None else min(left, self._wait_seconds)
        try:
            await asyncio.wait([turn], timeout=seconds)
        except asyncio.CancelledError:
            self._give_up(turn)
            raise
        if not turn.done():
            self._give_up(turn)
            raise Overloaded(f"no turn within {seconds:.1f} s; try again a little later")

    def _give_up(self, turn: asyncio.Future[None]) -> None:
        if turn.done():  # the turn came in the same moment: it goes to the next
            self._leave()
        else:
            self._queue.remove(turn)

    def _leave(self) -> None:
        """The next one waiting runs instead of the one that leaves."""
        if self._queue:
            self._queue.popleft().set_result(None)
        else:
            self.running -= 1
