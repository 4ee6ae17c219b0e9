"""Questions for recall, and the recall of one process that answers them."""

import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from prometheus_client import CollectorRegistry

from benchmarks import episodes
from benchmarks.stage import MEMORY, Connection, Stage, open_connection, open_services
from domain_services.kernel.background import running
from memory.backfill import Backfill
from memory.cache import ProcessCache, TableCache
from memory.embed import Embeddings
from memory.embedder import ServiceEmbedder
from memory.episode import Perception
from memory.pool import open_pool
from memory.postgres import PostgresEpisodes
from memory.recall import Recaller
from memory.text import describe
from memory.vectors import Embedding

AFTER_ALL = episodes.FIRST_DAY + timedelta(days=episodes.DAYS + 1)
SECONDS = 5.0  # a deadline that no benchmark comes near
LIMIT = 5

# What recall may be narrowed to, by name: the share of all episodes that is left.
FILTERS = {
    "no filter": None,
    "a project of 8 %": episodes.BIG,
    "a project of 2 %": episodes.project(1),
    "0.35 %: a project's episodes with an outcome": episodes.NARROW,
}


@dataclass(frozen=True)
class Question:
    """A state that was never stored, and its embedding."""

    state: Perception
    embedding: Embedding


@dataclass(frozen=True)
class RecallStage:
    """A process's recall, a plain connection beside it, and questions whose texts are embedded."""

    recaller: Recaller
    store: PostgresEpisodes
    backfill: Backfill
    raw: Connection
    questions: list[Question]


@asynccontextmanager
async def open_memory(stage: Stage, count: int) -> AsyncGenerator[RecallStage, None]:
    """Recall over the stack's memory, in this process."""
    url = stage.database(MEMORY)
    async with (
        open_services(stage) as services,
        open_pool(url) as pool,
        open_connection(url, vectors=True) as raw,
    ):
        embedder, table = ServiceEmbedder(services.embedding), TableCache(pool)
        embeddings = Embeddings(table, embedder, ProcessCache())
        async with running(embeddings.loop()):
            stage.say("embedding the questions")
            questions = [await _ask(embeddings, state) for state in _questions(count)]
            yield RecallStage(
                Recaller(pool, embeddings, CollectorRegistry()),
                PostgresEpisodes(pool),
                Backfill(pool, embedder, table),
                raw,
                questions,
            )


def _questions(count: int) -> list[Perception]:
    rng = random.Random(7)
    return [episodes.perception(rng, "BENCH-ASKING", AFTER_ALL) for _ in range(count)]


async def _ask(embeddings: Embeddings, state: Perception) -> Question:
    answer = await embeddings.find(describe(state), SECONDS)
    if answer.embedding is None:
        raise RuntimeError(f"no embedding: {answer.reason}")
    return Question(state, answer.embedding)
