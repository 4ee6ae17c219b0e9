"""Health of the intelligence: calibration in force, embedding backlog, caches and peers."""

import asyncio
from dataclasses import dataclass
from typing import Literal

import psycopg

from agent.intelligence.freshness import hours_since
from agent.intelligence.schema import ModelsHealth
from agent.learning.learner import Learner
from agent.learning.schema import describe
from domain_services.chronicle.client import ChronicleClient
from domain_services.embedding.client import EmbeddingClient
from domain_services.kernel.web.health import probe
from memory.cache import ProcessCache
from memory.pool import Pool
from memory.statistics import MemoryStatistics, memory_statistics

MOST_TO_EMBED = 1000  # episodes; a backlog above it means that the backfill does not keep up
ANSWER_SECONDS = 1.0  # for the memory's counts; a health answer must not hang with the database

ProbeResult = Literal["ok", "error"]


@dataclass(frozen=True)
class Health:
    """Sources of the health report."""

    pool: Pool
    """Connections to the memory's database."""
    learner: Learner
    """Holder of the calibration in force."""
    chronicle: ChronicleClient
    """Client of the chronicle service."""
    embedding: EmbeddingClient
    """Client of the embedding service."""
    cache: ProcessCache
    """Embeddings cached in this process."""

    async def report(self) -> ModelsHealth:
        """Ask every part now; one that does not answer is a problem, not an error."""
        chronicle, embedding, statistics = await asyncio.gather(
            probe(self.chronicle.health), probe(self.embedding.health), self._memory_statistics()
        )
        active = self.learner.active
        problems = _problems(chronicle, embedding, statistics)
        return ModelsHealth(
            intelligence_status="degraded" if problems else "healthy",
            cache_status="healthy" if statistics else "error",
            chronicle_service_connectivity=chronicle,
            embedding_service_connectivity=embedding,
            data_freshness_hours=hours_since(statistics.newest_outcome) if statistics else None,
            model_last_updated=active.since,
            calibration=describe(active.version, self.learner.calibration),
            calibration_age_hours=hours_since(active.since),
            embedding_backlog=statistics.to_embed if statistics else None,
            episodes={
                "stored": statistics.episodes,
                "with_outcome": statistics.with_outcome,
                "in_journal": statistics.in_journal,
            }
            if statistics
            else {},
            cache={
                "in_process": len(self.cache),
                "in_table": statistics.cached_embeddings if statistics else None,
            },
            problems=problems,
        )

    async def _memory_statistics(self) -> MemoryStatistics | None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await memory_statistics(self.pool)
        # A memory that does not answer is a finding of this report, not a failure of it.
        except (psycopg.Error, TimeoutError):
            return None


def _problems(
    chronicle: ProbeResult, embedding: ProbeResult, statistics: MemoryStatistics | None
) -> list[str]:
    problems = [
        f"the {name} service does not answer"
        for name, result in (("chronicle", chronicle), ("embedding", embedding))
        if result != "ok"
    ]
    if statistics is None:
        problems.append("memory does not answer")
    elif statistics.to_embed > MOST_TO_EMBED:
        problems.append(f"{statistics.to_embed} episodes wait for an embedding")
    return problems
