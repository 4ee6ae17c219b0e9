"""Load of several clients at once, each with one story after the other."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.replicas.callers import Caller, Counts, Failed
from tests.replicas.ledger import PREFIX, Ledger
from tests.replicas.stories import STORIES, Story


class Load:
    """Clients of an installation, what they were answered, and what failed."""

    def __init__(self, ports: dict[str, int], key: str) -> None:
        self.counts = Counts()
        self.ledger = Ledger()
        self._ports = ports
        self._key = key
        self._projects = itertools.count(1)
        self._stop = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Let all clients work during the block, and finish their stories after it."""
        async with asyncio.TaskGroup() as work:
            for number, story in enumerate(STORIES):
                work.create_task(self._repeat(f"client {number}", story))
            try:
                yield
            finally:
                self._stop.set()

    async def further_requests(self) -> None:
        """Wait until each client has had one more answer."""
        before: Counter[str] = self.counts.sent.copy()
        while any(self.counts.sent[name] <= sent for name, sent in before.items()):
            await asyncio.sleep(0.02)

    async def _repeat(self, name: str, story: Story) -> None:
        caller = Caller(name, self._ports, self._key, self.counts)
        try:
            while not self._stop.is_set():
                # What failed is in the counts. The next story has a project of its own.
                try:
                    await story(caller, self.ledger, f"{PREFIX}{next(self._projects)}")
                except Failed:
                    continue
        finally:
            caller.close()
