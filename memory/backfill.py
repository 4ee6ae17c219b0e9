"""Backfill: embed the stored episodes that have no embedding yet."""

import asyncio
import math
import time
from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from domain_services.kernel.background import Loop, every
from domain_services.kernel.errors import Problem
from memory.cache import TableCache
from memory.embed import BATCH, embed_all
from memory.embedder import Embedder
from memory.episode import Perception
from memory.pool import Pool
from memory.text import describe
from memory.vectors import Embedding

logger = structlog.get_logger()

EPISODES_A_PASS = 320  # ten batches
IDLE_SECONDS = 1.0
# A service that failed gets time to come back, and a refused text would be refused again at once.
RETRY_SECONDS = 30.0
_BEFORE_ALL = UUID(int=0)

_NEXT = """
    SELECT episode_id, perception FROM episodes
    WHERE requires_embedding AND episode_id > %s ORDER BY episode_id LIMIT %s
"""
_EMBEDDED = """
    UPDATE episodes SET embedding = %s, embedding_model = %s, requires_embedding = false
    WHERE episode_id = %s AND requires_embedding
"""


@dataclass(frozen=True, slots=True)
class Backfilled:
    """Result of a backfill."""

    done: int
    """Episodes that got an embedding."""
    failed: int
    """Episodes that were tried and got none."""
    model: str | None
    """Name of the embedding model; None when no embedding was made."""
    is_cut_off: bool = False
    """True when the time ended before the work."""


class Backfill:
    """Embeds episodes with the flag `requires_embedding`.

    Replicas may do the same work twice, to the same effect.
    """

    def __init__(self, pool: Pool, embedder: Embedder, cache: TableCache) -> None:
        self._pool = pool
        self._embedder = embedder
        self._cache = cache
        self._model: str | None = None  # the model of the service's last answer

    async def backfill(self, limit: int, until: float = math.inf) -> Backfilled:
        """Embed up to `limit` episodes; stop at once when the service fails.

        No batch begins after `until`, a time of `time.monotonic`. An episode without a usable
        vector keeps its flag. The next pass tries it again.
        """
        done, failed, model, last = 0, 0, None, _BEFORE_ALL
        while done + failed < limit:
            if time.monotonic() >= until:
                return Backfilled(done, failed, model, is_cut_off=True)
            batch = await self._next(last, min(BATCH, limit - done - failed))
            if not batch:
                break
            last = batch[-1][0]
            try:
                embeddings = await self._embed([text for _, text in batch])
            except Problem as problem:
                logger.warning("memory.backfill_failed", reason=problem.detail)
                return Backfilled(done, failed + len(batch), model)
            usable = [
                (embedding, episode_id)
                for (episode_id, _), embedding in zip(batch, embeddings, strict=True)
                if embedding
            ]
            await self._store(usable)
            model = usable[-1][0].model if usable else model
            done, failed = done + len(usable), failed + len(batch) - len(usable)
        return Backfilled(done, failed, model)

    async def backfill_all(self, seconds: float) -> Backfilled:
        """Embed every episode that can be embedded within a time. Raises: `psycopg.Error`."""
        done, model, until = 0, None, time.monotonic() + seconds
        while True:
            result = await self.backfill(EPISODES_A_PASS, until)
            done, model = done + result.done, result.model or model
            if result.done < EPISODES_A_PASS:
                return replace(result, done=done, model=model)

    def loop(self) -> Loop:
        """Return the loop that embeds what the journal and imports add, within about a second."""
        return every(IDLE_SECONDS, self._backfill_pass, name="embedding backfill")

    async def _backfill_pass(self) -> bool:
        """Embed one pass; return True when it was full."""
        result = await self.backfill(EPISODES_A_PASS)
        if result.failed:
            await asyncio.sleep(RETRY_SECONDS)
        return result.done == EPISODES_A_PASS

    async def _embed(self, texts: list[str]) -> list[Embedding | None]:
        """Return the embeddings of `texts` in their order, from the cache where it has them."""
        # Equal states have equal texts, and a recall may have had the text embedded already.
        known = {} if self._model is None else await self._cache.get_all(texts, self._model)
        new = [text for text in dict.fromkeys(texts) if text not in known]
        embeddings: dict[str, Embedding | None] = {**known}
        if new:
            embeddings |= zip(new, await embed_all(self._embedder, new), strict=True)
        models = (embedding.model for embedding in embeddings.values() if embedding)
        self._model = next(models, self._model)
        return [embeddings[text] for text in texts]

    async def _next(self, after: UUID, most: int) -> list[tuple[UUID, str]]:
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_NEXT, (after, most))).fetchall()
        return [(row[0], describe(Perception.model_validate(row[1]))) for row in rows]

    async def _store(self, embeddings: list[tuple[Embedding, UUID]]) -> None:
        async with (
            self._pool.connection() as connection,
            connection.transaction(),
            connection.cursor() as cursor,
        ):
            await cursor.executemany(
                _EMBEDDED,
                [
                    (embedding.vector, embedding.model, episode_id)
                    for embedding, episode_id in embeddings
                ],
            )
