"""Embeds the state of a project ahead of its next decision, whenever the state has changed."""

import asyncio

import psycopg
import structlog

from domain_services.kernel.errors import Problem
from graphs.deps import Sources
from graphs.nodes.analyse import read_project
from graphs.rules.base import RequestOptions
from memory.recall import Recaller

logger = structlog.get_logger()

SETTLE_SECONDS = 2.0  # events of one change come together, and the backlog takes them in meanwhile

LOOK_SECONDS = 2.0  # for the chronicle: nobody waits for the answer


class Prefetcher:
    """Collects the projects that changed; `run` looks at each once they are quiet."""

    def __init__(
        self,
        sources: Sources,
        recaller: Recaller,
        usual: RequestOptions,
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        self._sources = sources
        self._recaller = recaller
        self._usual = usual
        self._settle_seconds = settle_seconds
        self._changed: set[str] = set()
        self._woken = asyncio.Event()

    def note(self, project_id: object) -> None:
        """A project has changed."""
        if isinstance(project_id, str):
            self._changed.add(project_id)
            self._woken.set()

    async def run(self) -> None:
        """Serve for ever. A project that cannot be read now is warmed at its next change."""
        while True:
            await self._woken.wait()
            await asyncio.sleep(self._settle_seconds)
            self._woken.clear()
            while self._changed:
                await self.warm(self._changed.pop())

    async def warm(self, project_id: str) -> bool:
        """Ask for the embedding of the text that its next decision will look up."""
        try:
            seen = await read_project(self._sources, project_id, self._usual, LOOK_SECONDS)
        except (Problem, psycopg.Error) as error:
            logger.info("memory.not_warmed", project_id=project_id, reason=str(error))
            return False
        return self._recaller.warm(seen.snapshot.perception)
