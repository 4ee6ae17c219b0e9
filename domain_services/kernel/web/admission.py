"""Admission of requests: some run at once, some wait for a while, the rest are refused."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from domain_services.kernel import context
from domain_services.kernel.errors import Unavailable

_FULL = "too many requests are waiting; try again a little later"


class Overloaded(Unavailable):
    """Refusal of a request while too many run and wait; it has had no effect."""

    code = "overloaded"
    title = "Overloaded"


@dataclass
class _Caller:
    """Requests of one caller."""

    name: str
    most_running: int
    running: int = 0
    queue: deque[asyncio.Future[None]] = field(default_factory=deque[asyncio.Future[None]])


class Admission:
    """Queue in front of an app: runs `most_running` requests and lets `most_waiting` more wait.

    One caller has at most `most_running_each` and `most_waiting_each` of these places. The next
    turn goes to the caller with the fewest requests that run.
    """

    # Refusing early keeps the accepted ones fast: docs/adr/0053-admission.md. The shares:
    # docs/adr/0128-http-limits.md.

    def __init__(
        self,
        *,
        most_running: int,
        most_waiting: int,
        most_running_each: int,
        most_waiting_each: int,
        wait_seconds: float,
    ) -> None:
        self._most_running = most_running
        self._most_waiting = most_waiting
        self._most_running_each = min(most_running, most_running_each)
        self._most_waiting_each = min(most_waiting, most_waiting_each)
        self._wait_seconds = wait_seconds
        # As many as there are keys. Whose turn from the queue is longest ago comes first.
        self._callers: dict[str, _Caller] = {}
        self.running = 0
        self.waiting = 0
        """Number of requests in the queue."""

    @asynccontextmanager
    async def admitted(self, name: str = "", *, may_fill: bool = False) -> AsyncIterator[None]:
        """Run the block when it is the turn of caller `name`. Raises: `Overloaded` without running.

        `may_fill` lets the caller have every place, as a service that calls for many people.
        """
        caller = self._callers.get(name)
        if caller is None:
            most = self._most_running if may_fill else self._most_running_each
            caller = self._callers[name] = _Caller(name, most)
        if self.running < self._most_running and caller.running < caller.most_running:
            self.running += 1
            caller.running += 1
        else:
            await self._wait(caller, may_fill=may_fill)
        try:
            yield
        finally:
            self._leave(caller)

    async def _wait(self, caller: _Caller, *, may_fill: bool) -> None:
        self._make_room(caller, self._most_waiting if may_fill else self._most_waiting_each)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        caller.queue.append(turn)
        self.waiting += 1
        remaining = context.seconds_left()
        seconds = self._wait_seconds if remaining is None else min(remaining, self._wait_seconds)
        try:
            await asyncio.wait([turn], timeout=seconds)
        except asyncio.CancelledError:
            self._give_up(caller, turn)
            raise
        if not turn.done():
            self._give_up(caller, turn)
            raise Overloaded(f"no turn within {seconds:.1f} s; try again a little later")
        turn.result()

    def _make_room(self, caller: _Caller, most: int) -> None:
        """Make room for one more in the queue. Raises: `Overloaded`."""
        if len(caller.queue) >= most:
            raise Overloaded(_FULL)
        if self.waiting < self._most_waiting:
            return
        # The newest request of the caller with the most of them yields to one with fewer.
        largest = max(self._callers.values(), key=lambda other: len(other.queue))
        if len(largest.queue) <= len(caller.queue) + 1:
            raise Overloaded(_FULL)
        self.waiting -= 1
        largest.queue.pop().set_exception(Overloaded(_FULL))

    def _give_up(self, caller: _Caller, turn: asyncio.Future[None]) -> None:
        # The turn can arrive in the moment of giving up: then it goes to the next.
        if not turn.done():
            caller.queue.remove(turn)
            self.waiting -= 1
        elif turn.exception() is None:
            self._leave(caller)

    def _leave(self, caller: _Caller) -> None:
        """Pass the turn of a request that ends to the caller with the fewest running ones."""
        self.running -= 1
        caller.running -= 1
        if not self.waiting:
            return
        able = [
            other
            for other in self._callers.values()
            if other.queue and other.running < other.most_running
        ]
        if able:
            following = min(able, key=lambda other: other.running)
            self._callers[following.name] = self._callers.pop(following.name)
            self.running += 1
            following.running += 1
            self.waiting -= 1
            following.queue.popleft().set_result(None)
