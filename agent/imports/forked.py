"""Processes of imports, forked from one that has loaded the code already.

Loading it takes seconds; a fork takes milliseconds. The server of `multiprocessing` from which
they are forked begins with the first import, has neither threads nor connections, and ends with
this process, as each of its children does.
"""

import asyncio
import multiprocessing
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from agent.imports.job import Job
from agent.imports.served import serve

# A preview names the tasks of each past sprint: some tens of bytes a task.
MOST_LINE_BYTES = 512 * 1024 * 1024
PRELOADED = "agent.imports.process"


class Forked:
    """One process, its lines and its end."""

    def __init__(self, job: Job) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([PRELOADED])
        self._lines, lines = context.Pipe(duplex=False)
        # The process ends when nobody holds the other end any more.
        alive, self._alive = context.Pipe(duplex=False)
        self._given = (lines, alive)
        self._process = context.Process(
            # Pickled through a pipe: others see the arguments of a command line.
            target=serve,
            args=(job.model_dump_json(), lines, alive),
            daemon=True,
        )

    async def start(self) -> None:
        """Fork the process; the first time, this waits until the code is loaded."""
        await asyncio.to_thread(self._process.start)
        for connection in self._given:
            connection.close()

    async def lines(self) -> AsyncIterator[bytes]:
        """Yield the lines that the process sends, until its end."""
        while (line := await asyncio.to_thread(_receive, self._lines)) is not None:
            yield line

    async def end(self) -> int:
        """Kill the process if it still runs, and return its exit status; 0: it ended well."""
        with suppress(ValueError, AttributeError):
            self._process.kill()
        await asyncio.to_thread(self._process.join)
        self._alive.close()
        return self._process.exitcode or 0

    async def ended(self) -> int:
        """Wait for the end of the process, and return its exit status."""
        await asyncio.to_thread(self._process.join)
        return self._process.exitcode or 0


def _receive(connection: Any) -> bytes | None:
    try:
        return connection.recv_bytes(MOST_LINE_BYTES)
    except (EOFError, OSError):
        return None
