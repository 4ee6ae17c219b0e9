"""The embedding of a text, if it can be had in time.

A request never waits for the service longer than it can afford: it hands the text to a worker and
waits for its share of the time. The worker goes on when the request has given up, so that the next
one finds the embedding in the cache, and a slow service is not made slower by calls broken off.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import psycopg
import structlog

from domain_services.kernel.background import Loop, every
from domain_services.kernel.errors import Problem, Unavailable
from memory.cache import ProcessCache, TableCache
from memory.embedder import Embedder
from memory.vectors import Embedding, VectorRefused, checked

logger = structlog.get_logger()

MOST_WAITING = 200  # texts in the queue; more are turned away
BATCH = 32
LOOKUP_SECONDS = 0.1  # for the table, at least


@dataclass(frozen=True, slots=True)
class Found:
    """Where an embedding came from; without one, `reason` says why."""

    embedding: Embedding | None
    path: Literal["cache", "service", "structured"]
    reason: str | None = None


async def embed_all(embedder: Embedder, texts: Sequence[str]) -> list[Embedding | None]:
    """Checked embeddings in the order of the texts; None for a vector that was refused.

    Raises: `Problem` when the service fails; `Unavailable` when it answers another number of them.
    """
    vectors, model = await embedder.embed(texts)
    if len(vectors) != len(texts):
        raise Unavailable(f"the service made {len(vectors)} embeddings of {len(texts)} texts")
    made: list[Embedding | None] = []
    for vector in vectors:
        try:
            made.append(checked(vector, model))
        except VectorRefused as refused:
            logger.warning("memory.vector_refused", model=model, reason=str(refused))
            made.append(None)
    return made


class Embeddings:
    """Caches in front of the embedding service; `loop` is the worker that calls it."""

    def __init__(self, table: TableCache, embedder: Embedder, memory: ProcessCache) -> None:
        self._table = table
        self._embedder = embedder
        self._memory = memory
        self._model: str | None = None
        self._queue: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)
        self._waiting: dict[str, asyncio.Future[Found]] = {}
        self._calling_since: float | None = None

    async def find(self, text: str, deadline_seconds: float) -> Found:
        """From a cache, or from the service within the deadline. Raises: `psycopg.Error`.

        A service that has let another text wait for that long already is not waited for.
        """
        began = time.perf_counter()
        embedding = self._memory.get(text)
        if embedding is None:
            lookup_seconds = max(deadline_seconds, LOOKUP_SECONDS)
            found = await self._table.get(text, self._model, lookup_seconds)
            if found is not None:
                self._memory.put(text, found)
            embedding = self._memory.get(text)  # or made meanwhile
        if embedding is not None:
            return Found(embedding, "cache")
        coming = self._ask(text)
        if coming is None:
            return Found(None, "structured", "too many texts wait for the embedding service")
        left = deadline_seconds - (time.perf_counter() - began)
        if self._is_slower_than(deadline_seconds):
            return Found(None, "structured", "the embedding service is slow, it was not waited for")
        try:
            async with asyncio.timeout(left):
                return await asyncio.shield(coming)
        except TimeoutError:
            return Found(None, "structured", "the embedding was not ready in time")

    def warm(self, text: str) -> bool:
        """Have a text embedded ahead of its use; False when the queue is full."""
        return self._memory.get(text) is not None or self._ask(text) is not None

    def loop(self) -> Loop:
        """Return the loop that embeds the texts in the queue."""
        return every(0, self._embed_queued, name="embedding queue")

    async def _embed_queued(self) -> None:
        """Embed one batch of the queue and answer those who wait for it."""
        texts = [await self._queue.get()]
        while len(texts) < BATCH and not self._queue.empty():
            texts.append(self._queue.get_nowait())
        results = dict.fromkeys(texts, Found(None, "structured", "the embedding failed"))
        self._calling_since = time.perf_counter()
        try:
            results = await self._embed(texts)
        finally:
            # Also after an unforeseen failure: nobody waits for a text that has left the queue.
            self._calling_since = None
            for text in texts:
                self._waiting.pop(text).set_result(results[text])

    def _is_slower_than(self, seconds: float) -> bool:
        since = self._calling_since
        return since is not None and time.perf_counter() - since > seconds

    def _ask(self, text: str) -> asyncio.Future[Found] | None:
        coming = self._waiting.get(text)
        if coming is None:
            try:
                self._queue.put_nowait(text)
            except asyncio.QueueFull:
                logger.warning("memory.embedding_queue_full", waiting=MOST_WAITING)
                return None
            coming = self._waiting[text] = asyncio.get_running_loop().create_future()
        return coming

    async def _embed(self, texts: list[str]) -> dict[str, Found]:
        try:
            made = await embed_all(self._embedder, texts)
        except Problem as problem:
            logger.warning("memory.embedding_failed", texts=len(texts), reason=problem.detail)
            return dict.fromkeys(texts, Found(None, "structured", problem.detail))
        usable = [(text, each) for text, each in zip(texts, made, strict=True) if each]
        for text, embedding in usable:
            self._model = embedding.model
            self._memory.put(text, embedding)
        try:
            await self._table.put(usable)
        except psycopg.Error as error:
            logger.warning("memory.cache_not_written", texts=len(usable), error=str(error))
        refused = Found(None, "structured", "the embedding service made no usable vector")
        return dict.fromkeys(texts, refused) | {
            text: Found(embedding, "service") for text, embedding in usable
        }
