"""Embeddings of texts within a deadline: caches in front, one worker that calls the service.

A request queues its text and waits for a share of its time. The worker goes on when the request
has given up: the next request then finds the embedding in the cache, and a slow service is not
made slower by cancelled calls.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
import structlog

from domain_services.kernel.background import Loop, every
from domain_services.kernel.errors import Problem, Unavailable
from memory.cache import ProcessCache, TableCache
from memory.embedder import Embedder
from memory.episode import RecallPath
from memory.vectors import Embedding, VectorRefused, checked

logger = structlog.get_logger()

QUEUE_SIZE = 200  # texts
BATCH = 32
# A shorter wait would end most look-ups in the table, which is much faster than the service.
LOOKUP_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Lookup:
    """Result of looking up the embedding of a text."""

    embedding: Embedding | None
    """None when it was not ready in time."""
    path: RecallPath
    """Source of the embedding; `structured` without one: the features serve alone."""
    reason: str | None = None
    """Reason of a missing embedding, in words."""


async def embed_all(embedder: Embedder, texts: Sequence[str]) -> list[Embedding | None]:
    """Embed texts and check the vectors; None in place of a vector that is not usable.

    Raises: `Problem` when the service fails; `Unavailable` for a wrong number of vectors.
    """
    vectors, model = await embedder.embed(texts)
    if len(vectors) != len(texts):
        raise Unavailable(
            f"the embedding service answered {len(vectors)} vectors to {len(texts)} texts;"
            " check its version"
        )
    embeddings: list[Embedding | None] = []
    for vector in vectors:
        try:
            embeddings.append(checked(vector, model))
        except VectorRefused as refusal:
            logger.warning("memory.vector_refused", model=model, reason=str(refusal))
            embeddings.append(None)
    return embeddings


class Embeddings:
    """Caches in front of the embedding service, and the worker that calls it (`loop`)."""

    def __init__(self, table: TableCache, embedder: Embedder, memory: ProcessCache) -> None:
        self._table = table
        self._embedder = embedder
        self._memory = memory
        self._model: str | None = None
        self._queue: asyncio.Queue[str] = asyncio.Queue(QUEUE_SIZE)
        self._waiting: dict[str, asyncio.Future[Lookup]] = {}
        self._calling_since: float | None = None

    async def find(self, text: str, deadline_seconds: float) -> Lookup:
        """Look an embedding up in the caches, then from the service within the deadline.

        Raises: `psycopg.Error`.
        """
        started = time.perf_counter()
        embedding = self._memory.get(text)
        if embedding is None:
            lookup_seconds = max(deadline_seconds, LOOKUP_SECONDS)
            stored = await self._table.get(text, self._model, lookup_seconds)
            if stored is not None:
                self._memory.put(text, stored)
            # Read again: the worker may have embedded the text during the look-up.
            embedding = self._memory.get(text)
        if embedding is not None:
            return Lookup(embedding, "cache")
        result = self._enqueue(text)
        if result is None:
            return Lookup(None, "structured", "too many texts wait for the embedding service")
        remaining = deadline_seconds - (time.perf_counter() - started)
        # The service has let another text wait for that long: waiting would only cost time.
        if self._is_slower_than(deadline_seconds):
            return Lookup(
                None, "structured", "the embedding service is slow, it was not waited for"
            )
        try:
            async with asyncio.timeout(remaining):
                # Shielded: the text is embedded for the next request all the same.
                return await asyncio.shield(result)
        except TimeoutError:
            return Lookup(None, "structured", "the embedding was not ready in time")

    def prefetch(self, text: str) -> bool:
        """Queue a text for embedding ahead of its use; return False when the queue is full."""
        return self._memory.get(text) is not None or self._enqueue(text) is not None

    def loop(self) -> Loop:
        """Return the loop that embeds the texts in the queue."""
        return every(0, self._embed_queued, name="embedding queue", serves_requests=True)

    async def _embed_queued(self) -> None:
        """Embed one batch of the queue and hand the results to the waiting requests."""
        texts = [await self._queue.get()]
        while len(texts) < BATCH and not self._queue.empty():
            texts.append(self._queue.get_nowait())
        results = dict.fromkeys(texts, Lookup(None, "structured", "the embedding failed"))
        self._calling_since = time.perf_counter()
        try:
            results = await self._embed(texts)
        finally:
            # Also after an unforeseen failure: no request may wait for a text outside the queue.
            self._calling_since = None
            for text in texts:
                self._waiting.pop(text).set_result(results[text])

    def _is_slower_than(self, seconds: float) -> bool:
        since = self._calling_since
        return since is not None and time.perf_counter() - since > seconds

    def _enqueue(self, text: str) -> asyncio.Future[Lookup] | None:
        result = self._waiting.get(text)
        if result is None:
            try:
                self._queue.put_nowait(text)
            except asyncio.QueueFull:
                logger.warning("memory.embedding_queue_full", waiting=QUEUE_SIZE)
                return None
            result = self._waiting[text] = asyncio.get_running_loop().create_future()
        return result

    async def _embed(self, texts: list[str]) -> dict[str, Lookup]:
        try:
            embeddings = await embed_all(self._embedder, texts)
        except Problem as problem:
            logger.warning("memory.embedding_failed", texts=len(texts), reason=problem.detail)
            return dict.fromkeys(texts, Lookup(None, "structured", problem.detail))
        usable = [
            (text, embedding)
            for text, embedding in zip(texts, embeddings, strict=True)
            if embedding
        ]
        for text, embedding in usable:
            self._model = embedding.model
            self._memory.put(text, embedding)
        try:
            await self._table.put(usable)
        except psycopg.Error as error:
            logger.warning("memory.cache_not_written", texts=len(usable), error=str(error))
        unusable = Lookup(None, "structured", "the embedding service made no usable vector")
        return dict.fromkeys(texts, unusable) | {
            text: Lookup(embedding, "service") for text, embedding in usable
        }
