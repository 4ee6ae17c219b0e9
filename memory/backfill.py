"""Backfill: embed the stored episodes that have no embedding yet."""

import asyncio
import math
import time
from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from domain_services.kernel.background import Loop, every
from domain_services.kernel.database.set_aside import TRIES, error_text, pause_seconds
from domain_services.kernel.errors import Problem, Unavailable
from memory.cache import TableCache
from memory.embed import BATCH, embed_all
from memory.embedder import Embedder
from memory.episode import Perception
from memory.episode_documents import JsonObject
from memory.pool import Pool
from memory.text import describe
from memory.vectors import Embedding

logger = structlog.get_logger()

PLAIN_TEXT = "a team, its backlog and its sprint"
EPISODES_A_PASS = 320  # ten batches
IDLE_SECONDS = 1.0
# A service that failed gets time to come back.
RETRY_SECONDS = 30.0
_BEFORE_ALL = UUID(int=0)
NO_VECTOR = "the embedding service made no usable vector"

_NEXT = """
    SELECT episode_id, perception FROM episodes
    WHERE requires_embedding AND episode_id > %s AND NOT EXISTS (
        SELECT FROM embedding_failures AS failure WHERE failure.episode_id = episodes.episode_id
        AND (failure.set_aside_at IS NOT NULL OR failure.next_try > now()))
    ORDER BY episode_id LIMIT %s
"""
_COUNT_TRIES = "SELECT episode_id, tries FROM embedding_failures WHERE episode_id = ANY(%s)"
_FAILED = """
    INSERT INTO embedding_failures AS failure (episode_id, tries, error, next_try, set_aside_at)
    SELECT %(id)s, %(tries)s, %(error)s, now() + make_interval(secs => %(pause)s),
        CASE WHEN %(is_last)s THEN now() END
    WHERE EXISTS (SELECT FROM episodes WHERE episode_id = %(id)s AND requires_embedding)
    ON CONFLICT (episode_id) DO UPDATE SET tries = excluded.tries, error = excluded.error,
        next_try = excluded.next_try, set_aside_at = excluded.set_aside_at
"""
_SUCCEEDED = "DELETE FROM embedding_failures WHERE episode_id = ANY(%s)"
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
    is_away: bool = False
    """True when the service failed, so that it was not asked any more."""


class Backfill:
    """Embeds episodes with the flag `requires_embedding`.

    Replicas may do the same work twice, to the same effect.
    """

    def __init__(
        self, pool: Pool, embedder: Embedder, cache: TableCache, tries: int = TRIES
    ) -> None:
        """An episode whose text is refused is set aside after `tries` tries."""
        self._pool = pool
        self._embedder = embedder
        self._cache = cache
        self._tries = tries
        self._model: str | None = None  # the model of the service's last answer

    async def backfill(self, limit: int, until: float = math.inf) -> Backfilled:
        """Embed up to `limit` episodes; stop at once when the service does not answer.

        No batch begins after `until`, a time of `time.monotonic`. An episode without a usable
        vector keeps its flag, and is tried again after a pause that doubles.
        """
        done, failed, model, last = 0, 0, None, _BEFORE_ALL
        while done + failed < limit:
            if time.monotonic() >= until:
                return Backfilled(done, failed, model, is_cut_off=True)
            batch = await self._next(last, min(BATCH, limit - done - failed))
            if not batch:
                break
            last = batch[-1][0]
            failures: dict[UUID, str] = {}
            texts = _texts(batch, failures)
            try:
                embeddings = await self._embed_some(texts, failures)
            except Unavailable as problem:
                logger.warning("memory.backfill_failed", reason=problem.detail)
                await self._record_failures(failures)
                return Backfilled(done, failed + len(batch), model, is_away=True)
            await self._store(embeddings)
            await self._record_failures(failures)
            model = embeddings[-1][0].model if embeddings else model
            done, failed = done + len(embeddings), failed + len(failures)
        return Backfilled(done, failed, model)

    async def backfill_all(self, seconds: float) -> Backfilled:
        """Embed every episode that can be embedded within a time. Raises: `psycopg.Error`."""
        done, model, until = 0, None, time.monotonic() + seconds
        while True:
            result = await self.backfill(EPISODES_A_PASS, until)
            done, model = done + result.done, result.model or model
            if result.done + result.failed < EPISODES_A_PASS or result.is_away:
                return replace(result, done=done, model=model)

    def loop(self) -> Loop:
        """Return the loop that embeds what the journal and imports add, within about a second."""
        return every(IDLE_SECONDS, self._backfill_pass, name="embedding backfill")

    async def _backfill_pass(self) -> bool:
        """Embed one pass; return True when it was full."""
        result = await self.backfill(EPISODES_A_PASS)
        if result.is_away:
            await asyncio.sleep(RETRY_SECONDS)
        return result.done + result.failed >= EPISODES_A_PASS

    async def _embed_some(
        self, texts: dict[UUID, str], failures: dict[UUID, str]
    ) -> list[tuple[Embedding, UUID]]:
        """Embed the texts of episodes; add those that are refused to `failures`, with the reason.

        Raises: `Unavailable` when the service does not answer.
        """
        try:
            embeddings = await self._embed(list(texts.values()))
        except Problem as problem:
            if isinstance(problem, Unavailable) and not await self._answers():
                raise
            if len(texts) == 1:
                failures |= dict.fromkeys(texts, problem.detail)
                return []
            # One text is at fault: each is asked for alone.
            alone = [await self._embed_some({key: text}, failures) for key, text in texts.items()]
            return [pair for pairs in alone for pair in pairs]
        pairs = zip(embeddings, texts, strict=True)
        usable = [(embedding, episode_id) for embedding, episode_id in pairs if embedding]
        refused = texts.keys() - {episode_id for _, episode_id in usable}
        failures |= dict.fromkeys(refused, NO_VECTOR)
        return usable

    async def _answers(self) -> bool:
        """Tell whether the service embeds a plain text; else it is away."""
        try:
            await embed_all(self._embedder, [PLAIN_TEXT])
        except Problem:
            return False
        return True

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

    async def _next(self, after: UUID, most: int) -> list[tuple[UUID, JsonObject]]:
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_NEXT, (after, most))).fetchall()
        return [(row[0], row[1]) for row in rows]

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
            await cursor.execute(_SUCCEEDED, ([episode_id for _, episode_id in embeddings],))

    async def _record_failures(self, failures: dict[UUID, str]) -> None:
        """Store the reasons of episodes that got no embedding, and when to try them again."""
        if not failures:
            return
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(_COUNT_TRIES, (list(failures),))
            before = dict(await cursor.fetchall())
            for episode_id, error in sorted(failures.items()):
                tries = before.get(episode_id, 0) + 1
                is_last = tries >= self._tries
                logger.error(
                    "memory.embedding_refused",
                    episode_id=str(episode_id),
                    tries=tries,
                    set_aside=is_last,
                    error=error,
                )
                values = {
                    "id": episode_id,
                    "tries": tries,
                    "error": error,
                    "pause": pause_seconds(tries),
                    "is_last": is_last,
                }
                await connection.execute(_FAILED, values)


def _texts(batch: list[tuple[UUID, JsonObject]], failures: dict[UUID, str]) -> dict[UUID, str]:
    """Describe the states of episodes; add those that cannot be read to `failures`."""
    texts: dict[UUID, str] = {}
    for episode_id, perception in batch:
        try:
            texts[episode_id] = describe(Perception.model_validate(perception))
        except Exception as error:
            failures[episode_id] = error_text(error)
    return texts
