"""Prefetcher: embeds a changed project's state ahead of its next decision."""

import asyncio

import psycopg
import structlog

from domain_services.kernel.background import Loop, every, for_each
from domain_services.kernel.errors import Problem
from graphs.deps import Sources
from graphs.nodes.analyse import read_project
from graphs.rules.base import RequestOptions
from memory.recall import Recaller

logger = structlog.get_logger()

# The events of one change come together, and the backlog applies them meanwhile.
QUIET_SECONDS = 2.0
# The chronicle may take longer than in a decision: nobody waits for the answer. Multiplied by
# DSM_PATIENCE (docs/adr/0012-patience-factor.md).
HISTORY_SECONDS = 2.0


class Prefetcher:
    """Collects the projects that changed, and prefetches their embeddings when they are quiet."""

    def __init__(
        self,
        sources: Sources,
        recaller: Recaller,
        options: RequestOptions,
        quiet_seconds: float = QUIET_SECONDS,
    ) -> None:
        self._sources = sources
        self._recaller = recaller
        self._options = options
        self._quiet_seconds = quiet_seconds
        self._changed: set[str] = set()
        self._wake = asyncio.Event()

    def note_change(self, project_id: object) -> None:
        """Remember that a project has changed."""
        if isinstance(project_id, str):
            self._changed.add(project_id)
            self._wake.set()

    def loop(self) -> Loop:
        """Return the loop that prefetches after changes."""
        return every(None, self._prefetch_changed, name="prefetch", wake=self._wake)

    async def _prefetch_changed(self) -> None:
        if not self._changed:
            return
        await asyncio.sleep(self._quiet_seconds)
        # Replaced, not cleared: events add projects to the new set while these are read.
        projects, self._changed = self._changed, set()
        await for_each(projects, self.prefetch, name=lambda project_id: f"project {project_id}")

    async def prefetch(self, project_id: str) -> bool:
        """Request the embedding of the text that the project's next decision will look up.

        A project that cannot be read now is prefetched after its next change.
        """
        seconds = HISTORY_SECONDS * self._sources.patience
        try:
            project = await read_project(self._sources, project_id, self._options, seconds)
        except (Problem, psycopg.Error) as error:
            logger.info("memory.prefetch_failed", project_id=project_id, reason=str(error))
            return False
        return self._recaller.prefetch(project.snapshot.perception)
