"""Circuit breaker of one peer.

Closed: calls pass, consecutive failures are counted. Open: calls are refused for `open_seconds`.
Half open: one call at a time passes; `successes_to_close` good ones close it, a bad one opens it.
Answers below 500 are successes: the peer works, whatever it answers. A silence that ended because
its caller has little patience is neither.
"""

# Own code: the published breakers let every waiting call through when half open, or never open on
# coroutines (docs/adr/0063-own-circuit-breaker.md).

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Literal

from domain_services.kernel.errors import Unavailable

State = Literal["closed", "open", "half_open"]


class Breaker:
    """State of one peer's circuit; `guard` runs a call."""

    def __init__(
        self,
        peer: str,
        *,
        failures_to_open: int = 5,
        successes_to_close: int = 2,
        open_seconds: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.peer = peer
        self._failures_to_open = failures_to_open
        self._successes_to_close = successes_to_close
        self._open_seconds = open_seconds
        self._clock = clock
        self._state: State = "closed"
        self._epoch = 0
        self._failures = 0
        self._successes = 0
        self._opened_at = 0.0
        self._probing = False

    @property
    def state(self) -> State:
        """Return the state for the next call."""
        if self._state == "open" and self._clock() - self._opened_at >= self._open_seconds:
            self._enter("half_open")
        return self._state

    def _enter(self, state: State) -> None:
        self._state = state
        self._epoch += 1
        self._failures = self._successes = 0
        self._probing = False
        if state == "open":
            self._opened_at = self._clock()

    @asynccontextmanager
    async def guard(self, fair_seconds: float = 0) -> AsyncIterator[None]:
        """Run one call; raises `Unavailable` without calling while the circuit is open.

        A call that its caller ended within `fair_seconds`, by `TimeoutError` or cancellation, does
        not count.
        """
        state = self.state
        if state == "open" or (state == "half_open" and self._probing):
            raise Unavailable(
                f"{self.peer} does not answer and calls to it are paused; try again soon",
                peer=self.peer,
            )
        epoch, started_at = self._epoch, self._clock()
        self._probing = state == "half_open"
        try:
            yield
        # A cancelled call counts too: its caller gave up on the peer.
        except (Exception, asyncio.CancelledError) as error:
            # A call that began before a change of state says nothing about the present one.
            if epoch == self._epoch:
                was_short = self._clock() - started_at < fair_seconds
                if was_short and isinstance(error, TimeoutError | asyncio.CancelledError):
                    # Its patience was the caller's: callers with more must not suffer from it
                    # (docs/adr/0126-later-is-not-no.md).
                    self._probing = False
                else:
                    self._record_failure()
            raise
        if epoch == self._epoch:
            self._record_success()

    def _record_failure(self) -> None:
        self._failures += 1
        self._probing = False
        if self._state == "half_open" or self._failures >= self._failures_to_open:
            self._enter("open")

    def _record_success(self) -> None:
        self._failures = 0
        self._probing = False
        if self._state == "half_open":
            self._successes += 1
            if self._successes >= self._successes_to_close:
                self._enter("closed")
