"""Fills the memory of a stack with episodes, fast: COPY first, vector indexes afterwards."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pgvector import HalfVector, Vector
from psycopg import sql
from psycopg.types.json import Jsonb, set_json_dumps

from benchmarks import episodes
from benchmarks.stage import MEMORY, Connection, Services, Stage, open_connection, open_services
from domain_services.embedding.schema import BatchRequest
from memory import quality
from memory.document import encode
from memory.episode import Episode, Outcome, Perception
from memory.episode_documents import documents_of
from memory.features import features
from memory.text import describe

T = TypeVar("T")

SEED = 20_260_302
TEXTS, TEXTS_A_CALL = 256, 32  # texts that are really embedded; the others borrow the nearest one
NOISE = 0.02  # standard deviation that tells borrowed vectors apart, in each used dimension
BATCH = 5000
BUILD_MEGABYTES_A_THOUSAND = 4  # the graph of an index that is built outside memory takes hours

# The columns that are copied, and their types.
_COLUMNS = {
    "episode_id": "uuid",
    "project_id": "text",
    "origin": "text",
    "decided_at": "timestamptz",
    "agent_version": "text",
    "decision_source": "text",
    "sprint_id": "text",
    "day": "date",
    "perception": "jsonb",
    "reasoning": "jsonb",
    "action": "jsonb",
    "quality": "float4",
    "recallable": "bool",
    "completed_tasks": "int4",
    "planned_tasks": "int4",
    "completion_rate": "float8",
    "spill_over": "int4",
    "duration_days": "int4",
    "features": "vector",
    "embedding": "halfvec",
    "embedding_model": "text",
    "requires_embedding": "bool",
}
_INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE tablename = 'episodes' AND indexdef LIKE '%USING hnsw%' ORDER BY indexname
"""


@dataclass(frozen=True)
class Exemplars:
    """Real embeddings of a few states, by which those of all others are made up."""

    points: NDArray[np.float32]  # n x features
    vectors: NDArray[np.float32]  # n x 1024
    model: str

    def lend(self, points: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float16]:
        """A vector for each point: that of the nearest exemplar, a little moved."""
        distances = (
            (points**2).sum(axis=1)[:, None]
            - 2 * points @ self.points.T
            + (self.points**2).sum(axis=1)
        )
        lent = self.vectors[distances.argmin(axis=1)]
        lent = lent + (lent != 0) * rng.normal(0, NOISE, lent.shape).astype(np.float32)
        return (lent / np.linalg.norm(lent, axis=1, keepdims=True)).astype(np.float16)


async def load_memory(stage: Stage) -> None:
    """Fill an empty memory; one that holds enough (a kept data folder) is left as it is."""
    async with open_connection(stage.database(MEMORY), vectors=True) as connection:
        set_json_dumps(encode, connection)
        there = await (await connection.execute("SELECT count(*) FROM episodes")).fetchone()
        if there and there[0] >= stage.episodes:
            return
        async with open_services(stage) as services:
            exemplars = await embed_exemplars(services)
        await connection.execute("TRUNCATE episodes")
        indexes = await (await connection.execute(_INDEXES)).fetchall()
        for name, _ in indexes:
            await connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        await _copy(connection, stage, exemplars)
        megabytes = max(600, BUILD_MEGABYTES_A_THOUSAND * stage.episodes // 1000)
        setting = "SELECT set_config('maintenance_work_mem', %s, false)"
        await connection.execute(setting, (f"{megabytes}MB",))
        for name, definition in indexes:
            stage.say(f"building {name} over {stage.episodes:,} episodes")
            await connection.execute(definition)
        await connection.execute("VACUUM (ANALYZE) episodes")


async def embed_exemplars(services: Services) -> Exemplars:
    """Embed `TEXTS` states by the embedding service."""
    rng = random.Random(SEED)
    states = [
        episodes.perception(rng, episodes.project(0), episodes.FIRST_DAY) for _ in range(TEXTS)
    ]
    vectors: list[list[float]] = []
    model = ""
    for some in _batched(states, TEXTS_A_CALL):
        body = BatchRequest(texts=[describe(state) for state in some])
        answer = await services.embedding.embed_batch(body, timeout=30)
        vectors += answer.embeddings
        model = answer.model
    return Exemplars(points_of(states), np.array(vectors, np.float32), model)


def points_of(states: Sequence[Perception]) -> NDArray[np.float32]:
    return np.array([features(state) for state in states], np.float32)


async def _copy(connection: Connection, stage: Stage, exemplars: Exemplars) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, _COLUMNS))
    copying = sql.SQL("COPY episodes ({}) FROM STDIN (FORMAT BINARY)").format(columns)
    async with connection.cursor() as cursor, cursor.copy(copying) as copy:
        copy.set_types(list(_COLUMNS.values()))
        for row in _rows(stage, exemplars):
            await copy.write_row(row)


def _rows(stage: Stage, exemplars: Exemplars) -> Iterator[Sequence[Any]]:
    rng, done = np.random.default_rng(SEED), 0
    for some in _batched(episodes.episodes(stage.episodes, SEED), BATCH):
        stage.say(f"loading {stage.episodes:,} episodes: {done:,}")
        points = points_of([episode.perception for episode in some])
        for episode, point, vector in zip(some, points, exemplars.lend(points, rng), strict=True):
            yield _row(episode, point, vector, exemplars.model)
        done += len(some)


def _row(
    episode: Episode, point: NDArray[np.float32], vector: NDArray[np.float16], model: str
) -> Sequence[Any]:
    outcome = [getattr(episode.outcome, name, None) for name in Outcome.model_fields]
    documents, score = documents_of(episode), quality.score(episode)
    return (
        episode.episode_id,
        episode.project_id,
        episode.origin,
        episode.decided_at,
        episode.agent_version,
        episode.decision.source,
        episode.sprint_id,
        episode.perception.day,
        Jsonb(episode.perception.model_dump(mode="json")),
        Jsonb(documents["reasoning"]),
        Jsonb(documents["action"]),
        score,
        quality.recallable(episode.outcome, score),
        *outcome,
        Vector(point),
        HalfVector(vector),
        model,
        False,
    )


def _batched(values: Iterable[T], most: int) -> Iterator[list[T]]:
    """`values` in lists of at most `most`."""
    rest = iter(values)
    while some := list(islice(rest, most)):
        yield some
