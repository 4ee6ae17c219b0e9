"""Draining: a process that leaves answers on, asks for no new connections and finishes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CLOSE = (b"connection", b"close")


class Draining:
    """State of an app whose process may leave, and the requests that it still answers.

    After `begin` the app still answers every request. It closes each connection after its answer
    and is not ready, so that balancers and kept-alive clients go elsewhere.
    """

    # docs/adr/0093-drain-before-leaving.md

    def __init__(self) -> None:
        self._begun = False
        self._requests = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def begun(self) -> bool:
        """Return whether the process leaves."""
        return self._begun

    @property
    def requests(self) -> int:
        """Return the number of requests under way."""
        return self._requests

    def begin(self) -> None:
        """Begin to leave; cannot be undone."""
        self._begun = True

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count the block as a request under way."""
        self._requests += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._requests -= 1
            if not self._requests:
                self._idle.set()

    async def finished(self, seconds: float) -> bool:
        """Wait until no request is under way; False when one still is after `seconds`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        return not self._requests
