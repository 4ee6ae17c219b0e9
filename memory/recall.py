"""Recall: find the episodes most similar to a project's state, within a deadline."""

import asyncio
import time
from datetime import date

import psycopg
from prometheus_client import CollectorRegistry, Histogram
from pydantic import BaseModel, ConfigDict

from domain_services.kernel.client.breaker import Breaker
from domain_services.kernel.errors import Unavailable
from memory import search
from memory.embed import Embeddings, Lookup
from memory.episode import Outcome, Perception, RecallPath, SimilarEpisode
from memory.pool import Connection, Pool
from memory.search import EXACT_ROWS, Hit, Query
from memory.text import describe

# Part of the deadline that the search needs; the embedding may take the rest.
SEARCH_SECONDS = 0.05
GRACE_SECONDS = 0.02  # from shutting a socket down to the error of its statement


class Neighbour(SimilarEpisode):
    """A similar episode with the state it was decided in."""

    perception: Perception
    """State of its project at the time of its decision."""


class Recall(BaseModel):
    """Result of a recall."""

    model_config = ConfigDict(frozen=True)

    path: RecallPath
    """Source of the query's embedding; `structured` when there was none."""
    model: str | None
    """Model of the query's embedding; None without one."""
    ms: float
    """Duration in milliseconds."""
    searched: int
    """Episodes that were compared with the query."""
    neighbours: tuple[Neighbour, ...]
    """Most similar episodes, nearest first."""
    degraded: str | None
    """The part of the search that was missing, in words; None when none was."""

    @classmethod
    def nothing(cls, degraded: str) -> "Recall":
        """Return an empty recall for a caller to go on with when the search failed."""
        return cls(
            path="structured", model=None, ms=0, searched=0, neighbours=(), degraded=degraded
        )


class Recaller:
    """Recall over one database; one for a process.

    Up to `exact_rows` candidates are all compared, more are searched through indexes.
    """

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
        # Without it each decision would wait for a database that is away.
        self._breaker = Breaker("memory")
        # Projects and kinds of progress with more than `exact_rows` episodes, and the earliest day
        # on which they are that many. Retention deletes none of them, and later days know more.
        self._large: dict[tuple[str | None, bool], date] = {}
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
        simulated: bool = False,
    ) -> Recall:
        """Find the `limit` nearest complete episodes, of one project when `project_id` names it.

        An episode of any project that becomes known after the perception's day is left out. With
        `simulated` only simulated sprints are found, without it none. Without an embedding in time
        the structured features serve alone. Raises: `Unavailable` when the database fails or the
        deadline passes.
        """
        started = time.perf_counter()
        try:
            # At the deadline the pool shuts the connection's socket down. The timeout ends what
            # waits without a connection.
            async with (
                asyncio.timeout(deadline_seconds + GRACE_SECONDS),
                self._breaker.guard(),
            ):
                lookup = await self._embeddings.find(
                    describe(perception), deadline_seconds - SEARCH_SECONDS
                )
                hits = await self._search(
                    search.make_query(
                        perception, lookup.embedding, project_id, limit, simulated=simulated
                    ),
                    deadline_seconds - (time.perf_counter() - started),
                )
        except TimeoutError as error:
            raise Unavailable(f"nothing recalled within {deadline_seconds} s") from error
        except psycopg.Error as error:
            raise Unavailable(f"memory cannot be read: {error}") from error
        seconds = time.perf_counter() - started
        self._seconds.labels(lookup.path).observe(seconds)
        return _recall(lookup, hits, seconds)

    def prefetch(self, perception: Perception) -> bool:
        """Queue a state for embedding ahead of its recall; return False when the queue is full."""
        return self._embeddings.prefetch(describe(perception))

    async def _search(self, query: Query, seconds: float) -> list[Hit]:
        async with self._pool.connection(seconds, hang_up_seconds=seconds) as connection:
            if not self._is_large_on(query):
                hits = await search.search_exact(connection, query, self._exact_rows + 1)
                if not hits or hits[0].searched <= self._exact_rows:
                    return hits
                self._large[query["project"], query["simulated"]] = query["day"]
            hits = await search.search_indexed(connection, query, by_text=False)
            if search.text_may_matter(query, hits) and await self._is_large(
                connection, query["model"]
            ):
                hits = await search.search_indexed(connection, query, by_text=True)
            if len(hits) < query["limit"]:
                # An index scan stops after a number of rows, also when the filter left too few.
                hits = await search.search_exact(connection, query, None)
            return hits

    def _is_large_on(self, query: Query) -> bool:
        """Check that a search on the query's day, or an earlier one, had too many candidates."""
        large_from = self._large.get((query["project"], query["simulated"]))
        return large_from is not None and large_from <= query["day"]

    async def _is_large(self, connection: Connection, model: str | None) -> bool:
        """Check that a model has so many embeddings that searching their index pays."""
        if model is not None and model not in self._large_models:
            count = await search.count_of_model(connection, model, self._exact_rows + 1)
            if count > self._exact_rows:
                self._large_models.add(model)
        return model in self._large_models


def _recall(lookup: Lookup, hits: list[Hit], seconds: float) -> Recall:
    degraded = lookup.reason
    if lookup.embedding and hits and all(hit.cosine is None for hit in hits):
        degraded = f"none of the neighbours has an embedding of {lookup.embedding.model}"
    return Recall(
        path=lookup.path,
        model=lookup.embedding.model if lookup.embedding else None,
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
        known_on=hit.known_on,
        simulated=hit.simulated,
        completed_outside=hit.completed_outside,
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
