"""How fresh and how whole the intelligence is."""

import asyncio
from dataclasses import dataclass

import psycopg

from agent.intelligence.schema import ModelsHealth
from agent.intelligence.views import hours_since
from agent.learning.learner import Learner
from agent.learning.schema import describe
from domain_services.chronicle.client import ChronicleClient
from domain_services.embedding.client import EmbeddingClient
from domain_services.kernel.web.health import probe
from memory.cache import ProcessCache
from memory.pool import Pool
from memory.statistics import MemoryStatistics, memory_statistics

MOST_TO_EMBED = 1000  # episodes; a backlog above it means that the backfill does not keep up
ANSWER_SECONDS = 1.0


@dataclass(frozen=True)
class Health:
    pool: Pool
    learner: Learner
    chronicle: ChronicleClient
    embedding: EmbeddingClient
    cache: ProcessCache

    async def report(self) -> ModelsHealth:
        """What intelligence rests on, asked now; a part that does not answer is a problem."""
        chronicle, embedding, found = await asyncio.gather(
            probe(self.chronicle.health), probe(self.embedding.health), self._vitals()
        )
        active = self.learner.active
        wrong = _problems(chronicle, embedding, found)
        return ModelsHealth(
            intelligence_status="degraded" if wrong else "healthy",
            cache_status="healthy" if found else "error",
            chronicle_service_connectivity=chronicle,
            embedding_service_connectivity=embedding,
            data_freshness_hours=hours_since(found.newest_outcome) if found else None,
            model_last_updated=active.since,
            calibration=describe(active.version, self.learner.calibration),
            calibration_age_hours=hours_since(active.since),
            embedding_backlog=found.to_embed if found else None,
            episodes={
                "stored": found.episodes,
                "with_outcome": found.with_outcome,
                "in_journal": found.in_journal,
            }
            if found
            else {},
            cache={
                "in_process": len(self.cache),
                "in_table": found.cached_embeddings if found else None,
            },
            problems=wrong,
        )

    async def _vitals(self) -> MemoryStatistics | None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await memory_statistics(self.pool)
        except (psycopg.Error, TimeoutError):
            return None


def _problems(chronicle: str, embedding: str, found: MemoryStatistics | None) -> list[str]:
    wrong = [
        f"the {name} service does not answer"
        for name, answer in (("chronicle", chronicle), ("embedding", embedding))
        if answer != "ok"
    ]
    if found is None:
        wrong.append("memory does not answer")
    elif found.to_embed > MOST_TO_EMBED:
        wrong.append(f"{found.to_embed} episodes wait for an embedding")
    return wrong
