"""Signals of a process that serves: the first begins its end, no other cuts it short."""

import asyncio
import signal
from contextlib import suppress
from types import FrameType


class Leaving:
    """Request to leave: SIGTERM asks for a pause in which others forget this process.

    SIGINT, as of Ctrl-C in a terminal, leaves the pause out: nobody balances over one terminal.
    Must be made in the main thread, in the running loop.
    """

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        """Set when the process is to leave."""
        self._hurried = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        # Not the loop's own handlers: they end with the loop, and a second signal after that would
        # kill the process with another exit code.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def follow(self, descriptor: int) -> None:
        """Leave without the pause when the other end of a pipe is closed."""

        def end() -> None:
            self._loop.remove_reader(descriptor)
            self.hurry()

        self._loop.add_reader(descriptor, end)

    def hurry(self) -> None:
        """Leave without the pause."""
        self._hurried.set()
        self.asked.set()

    async def pause(self, seconds: float) -> None:
        """Wait `seconds`, or until somebody is in a hurry."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurried.wait()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if not self._loop.is_closed():
            react = self.hurry if number == signal.SIGINT else self.asked.set
            self._loop.call_soon_threadsafe(react)


def ignore_signals() -> None:
    """Let no signal change the exit code of a process that has finished."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
