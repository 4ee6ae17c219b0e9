"""Remembers similar episodes of all projects, and says how they were found."""

import asyncio
import time

import psycopg
from prometheus_client import CollectorRegistry, Histogram
from pydantic import BaseModel, ConfigDict

from domain_services.kernel.client.breaker import Breaker
from domain_services.kernel.errors import Unavailable
from memory import search
from memory.embed import Embeddings, Found
from memory.episode import Outcome, Perception, RecallPath, SimilarEpisode
from memory.pool import Connection, Pool
from memory.search import EXACT_ROWS, Hit, Query
from memory.text import describe

# What the search itself needs of the deadline; the embedding may take the rest.
SEARCH_SECONDS = 0.05
GRACE_SECONDS = 0.02  # from hanging up a connection to its error


class Neighbour(SimilarEpisode):
    """A similar episode with the state it was decided in."""

    perception: Perception


class Recall(BaseModel):
    """Neighbours, nearest first, and how they were found.

    `path`: where the query's embedding came from; `structured` means there was none. `model` made
    it. `ms`: how long it took. `searched`: episodes compared by the blend. `degraded`: what the
    search had to do without; None when nothing.
    """

    model_config = ConfigDict(frozen=True)

    path: RecallPath
    model: str | None
    ms: float
    searched: int
    neighbours: tuple[Neighbour, ...]
    degraded: str | None

    @classmethod
    def nothing(cls, degraded: str) -> "Recall":
        """What a caller goes on with when recall failed."""
        return cls(
            path="structured", model=None, ms=0, searched=0, neighbours=(), degraded=degraded
        )


class Recaller:
    """Recall over one database; one for a process. Up to `exact_rows` candidates are all read."""

    def __init__(
        self,
        pool: Pool,
        embeddings: Embeddings,
        registry: CollectorRegistry,
        exact_rows: int = EXACT_ROWS,
    ) -> None:
        self._pool = pool
        self._exact_rows = exact_rows
        self._embeddings = embeddings
        # Filters and models with more rows than an exact search takes. Episodes are never deleted,
        # so what is large stays large.
        self._breaker = Breaker("memory")
        self._large: set[str | None] = set()
        self._large_models: set[str] = set()
        self._seconds = Histogram(
            "dsm_recall_seconds",
            "Time to recall similar episodes",
            ["path"],
            registry=registry,
            buckets=(0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 1),
        )

    async def recall(
        self,
        perception: Perception,
        *,
        limit: int = 5,
        deadline_seconds: float,
        project_id: str | None = None,
    ) -> Recall:
        """The `limit` nearest episodes that ended well documented; of one project if it is named.

        Never an episode of the perceived project from its day or later. Without an embedding in
        time the structured features serve alone. Raises: `Unavailable` when the database fails or
        the deadline passes.
        """
        began = time.perf_counter()
        try:
            # The connection is hung up at the deadline; the timeout is for what holds none.
            async with (
                asyncio.timeout(deadline_seconds + GRACE_SECONDS),
                self._breaker.guard(),
            ):
                found = await self._embeddings.find(
                    describe(perception), deadline_seconds - SEARCH_SECONDS
                )
                hits = await self._search(
                    search.query(perception, found.embedding, project_id, limit),
                    deadline_seconds - (time.perf_counter() - began),
                )
        except TimeoutError as error:
            raise Unavailable(f"nothing recalled within {deadline_seconds} s") from error
        except psycopg.Error as error:
            raise Unavailable(f"memory cannot be read: {error}") from error
        seconds = time.perf_counter() - began
        self._seconds.labels(found.path).observe(seconds)
        return _recall(found, hits, seconds)

    def warm(self, perception: Perception) -> bool:
        """Have the embedding of a state made before it is asked for; False when too many wait."""
        return self._embeddings.warm(describe(perception))

    async def _search(self, asked: Query, seconds: float) -> list[Hit]:
        async with self._pool.connection(seconds, hang_up_seconds=seconds) as connection:
            if asked["project"] not in self._large:
                hits = await search.search_exact(connection, asked, self._exact_rows + 1)
                if not hits or hits[0].searched <= self._exact_rows:
                    return hits
                self._large.add(asked["project"])
            hits = await search.search_indexed(connection, asked, by_text=False)
            if search.text_may_matter(asked, hits) and await self._is_large(
                connection, asked["model"]
            ):
                hits = await search.search_indexed(connection, asked, by_text=True)
            if len(hits) < asked["limit"]:
                # The index gave up before the filter was satisfied: fewer rows than there are.
                hits = await search.search_exact(connection, asked, None)
            return hits

    async def _is_large(self, connection: Connection, model: str | None) -> bool:
        """Whether the index of the embeddings holds enough of a model to be worth a search."""
        if model is not None and model not in self._large_models:
            count = await search.count_of_model(connection, model, self._exact_rows + 1)
            if count > self._exact_rows:
                self._large_models.add(model)
        return model in self._large_models


def _recall(found: Found, hits: list[Hit], seconds: float) -> Recall:
    degraded = found.reason
    if found.embedding and hits and all(hit.cosine is None for hit in hits):
        degraded = f"none of the neighbours has an embedding of {found.embedding.model}"
    return Recall(
        path=found.path,
        model=found.embedding.model if found.embedding else None,
        ms=round(seconds * 1000, 2),
        searched=hits[0].searched if hits else 0,
        neighbours=tuple(_neighbour(hit) for hit in hits),
        degraded=degraded,
    )


def _neighbour(hit: Hit) -> Neighbour:
    return Neighbour(
        episode_id=hit.episode_id,
        project_id=hit.project_id,
        sprint_id=hit.sprint_id,
        day=hit.day,
        similarity=round(hit.similarity, 6),
        structured_similarity=round(hit.structured_similarity, 6),
        text_similarity=None if hit.cosine is None else round(hit.cosine, 6),
        found_by="both"
        if hit.structured and hit.textual
        else "text"
        if hit.textual
        else "structured",
        perception=Perception.model_validate(hit.perception),
        outcome=Outcome(
            completed_tasks=hit.completed_tasks,
            planned_tasks=hit.planned_tasks,
            completion_rate=hit.completion_rate,
            spill_over=hit.spill_over,
            duration_days=hit.duration_days,
        ),
    )
