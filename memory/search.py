"""The nearest episodes in SQL, by one of two routes.

Few candidates are all looked at (exact), many through the vector indexes. Both rank by the blend
what is structurally nearest, one statement; texts decide so little that the others' need to be
looked at only when a bound says that they could change the answer. Which route is taken is decided
by the caller and not left to the planner, whose estimates of vector scans are poor.
"""

# ruff: noqa: S608 (statements consist of LiteralStrings, which the type checker holds)

from dataclasses import dataclass
from datetime import date
from typing import Any, LiteralString, TypeAlias
from uuid import UUID

from pgvector import Vector
from psycopg.rows import class_row

from memory.episode import Perception
from memory.features import DIMENSIONS, features, similarity
from memory.pool import Connection
from memory.vectors import Embedding

Query: TypeAlias = dict[str, Any]

# The share of the text in the similarity. Of five neighbours by text alone 0.24 are among the
# numerically nearest, by this blend 0.87; what text adds beyond numbers may be worth that much.
TEXT_WEIGHT = 0.2

EXACT_ROWS = 3000  # comparing so many takes as long as two index searches
NEAREST_STRUCTURED = 40  # whose texts are compared first
NEAREST_TEXT = 40

# Never an episode of the same project from the day of the query or later: it would be the future.
_PAST: LiteralString = "recallable AND (project_id <> %(own)s OR day < %(day)s)"
_PROJECT: LiteralString = " AND project_id = %(project)s"

_DISTANCE: LiteralString = "features <-> %(features)s AS distance"
_COSINE: LiteralString = """
    CASE WHEN embedding_model = %(model)s THEN 1 - (embedding <=> %(embedding)s) END AS cosine
"""
# features.similarity() in SQL, blended; without a text part the similarity is the structured one.
_RANK: LiteralString = """
    CASE WHEN cosine IS NULL THEN 1 / (1 + distance * distance / %(dimensions)s)
    ELSE (1 - %(weight)s) / (1 + distance * distance / %(dimensions)s) + %(weight)s * cosine END
"""
_ROW: LiteralString = """
    episode_id, project_id, sprint_id, day, perception,
    completed_tasks, planned_tasks, completion_rate, spill_over, duration_days
"""


def _exact(where: LiteralString) -> LiteralString:
    return f"""
    WITH candidates AS MATERIALIZED (
        SELECT episode_id AS id, {_DISTANCE} FROM episodes WHERE {where} LIMIT %(most)s
    ), compared AS MATERIALIZED (
        SELECT id, distance, {_COSINE}
        FROM (SELECT * FROM candidates ORDER BY distance, id LIMIT %(compared)s) AS by_features
        JOIN episodes ON episode_id = id
    ), nearest AS (
        SELECT * FROM compared ORDER BY {_RANK} DESC, id LIMIT %(limit)s
    )
    SELECT distance, cosine, true AS structured, cosine IS NOT NULL AS textual,
           (SELECT count(*) FROM candidates) AS searched,
           (SELECT max(distance) FROM compared) AS farthest, {_ROW}
    FROM nearest JOIN episodes ON episode_id = id ORDER BY {_RANK} DESC, id
    """


def _by_features(where: LiteralString) -> LiteralString:
    return f"""
    (SELECT episode_id AS id, true AS structured, false AS textual, {_DISTANCE}, {_COSINE}
     FROM episodes WHERE {where} ORDER BY features <-> %(features)s LIMIT %(most_structured)s)
    """


def _by_text(where: LiteralString) -> LiteralString:
    return f"""
    UNION ALL
    (SELECT episode_id, false, true, {_DISTANCE}, {_COSINE}
     FROM episodes WHERE {where} AND embedding_model = %(model)s
     ORDER BY embedding <=> %(embedding)s LIMIT %(most_text)s)
    """


def _indexed(where: LiteralString, by_text: bool) -> LiteralString:
    searches = _by_features(where) + _by_text(where) if by_text else _by_features(where)
    return f"""
    WITH found AS MATERIALIZED ({searches}), candidates AS (
        SELECT id, distance, cosine, bool_or(structured) AS structured, bool_or(textual) AS textual
        FROM found GROUP BY id, distance, cosine
    ), nearest AS (
        SELECT *, count(*) OVER () AS searched FROM candidates
        ORDER BY {_RANK} DESC, id LIMIT %(limit)s
    )
    SELECT distance, cosine, structured, textual, searched,
           (SELECT max(distance) FROM found WHERE structured) AS farthest, {_ROW}
    FROM nearest JOIN episodes ON episode_id = id ORDER BY {_RANK} DESC, id
    """


_EXACT: dict[bool, LiteralString] = {False: _exact(_PAST), True: _exact(_PAST + _PROJECT)}
_INDEXED: dict[tuple[bool, bool], LiteralString] = {
    (in_project, by_text): _indexed(_PAST + _PROJECT if in_project else _PAST, by_text)
    for in_project in (False, True)
    for by_text in (False, True)
}
_COUNT_OF_MODEL: LiteralString = """
    SELECT count(*) FROM (
        SELECT FROM episodes WHERE recallable AND embedding_model = %s LIMIT %s) AS of_model
"""


@dataclass(frozen=True, slots=True)
class Hit:
    """A row of either route.

    `searched` is how many candidates there were to choose from, `farthest` the greatest distance
    of those that were structurally near enough to have their texts compared.
    """

    distance: float
    cosine: float | None
    structured: bool
    textual: bool
    searched: int
    farthest: float
    episode_id: UUID
    project_id: str
    sprint_id: str | None
    day: date
    perception: dict[str, Any]
    completed_tasks: int
    planned_tasks: int | None
    completion_rate: float | None
    spill_over: int | None
    duration_days: int

    @property
    def structured_similarity(self) -> float:
        return similarity(self.distance)

    @property
    def similarity(self) -> float:
        """The blend, or the structured similarity when there is no text part."""
        return (
            self.structured_similarity if self.cosine is None else blend(self.distance, self.cosine)
        )


def blend(distance: float, cosine: float) -> float:
    return (1 - TEXT_WEIGHT) * similarity(distance) + TEXT_WEIGHT * cosine


def text_may_matter(asked: Query, hits: list[Hit]) -> bool:
    """Whether an episode whose text was not compared could be nearer than the last of `hits`.

    It is no nearer by its features than `farthest`, and its text is the same at most.
    """
    if asked["embedding"] is None or not hits:
        return False
    return hits[-1].similarity < blend(hits[-1].farthest, 1.0)


def query(
    perception: Perception, embedding: Embedding | None, project_id: str | None, limit: int
) -> Query:
    """The parameters of either search; `project_id` None searches all projects."""
    return {
        "own": perception.project_id,
        "day": perception.day,
        "project": project_id,
        "features": Vector(list(features(perception))),
        "embedding": embedding and embedding.vector,
        "model": embedding and embedding.model,
        "dimensions": DIMENSIONS,
        "weight": TEXT_WEIGHT,
        "limit": limit,
    }


async def search_exact(connection: Connection, asked: Query, most: int | None) -> list[Hit]:
    """The nearest of at most `most` candidates; None for no such bound.

    The texts of the structurally nearest are compared, and all others' only if that may matter.
    """
    statement = _EXACT[asked["project"] is not None]
    hits: list[Hit] = []
    for compared in (NEAREST_STRUCTURED, None):
        hits = await _select(connection, statement, asked | {"most": most, "compared": compared})
        if not text_may_matter(asked, hits):
            break
    return hits


async def search_indexed(connection: Connection, asked: Query, by_text: bool) -> list[Hit]:
    """The nearest of what the vector indexes find; `by_text` uses that of the embeddings too."""
    statement = _INDEXED[asked["project"] is not None, by_text]
    oversample = {"most_structured": NEAREST_STRUCTURED, "most_text": NEAREST_TEXT}
    return await _select(connection, statement, asked | oversample)


async def _select(connection: Connection, statement: LiteralString, values: Query) -> list[Hit]:
    async with connection.cursor(binary=True, row_factory=class_row(Hit)) as cursor:
        await cursor.execute(statement, values)
        return await cursor.fetchall()


async def count_of_model(connection: Connection, model: str, most: int) -> int:
    """How many episodes may be recalled that have an embedding of `model`, counted up to `most`."""
    cursor = await connection.execute(_COUNT_OF_MODEL, (model, most))
    row = await cursor.fetchone()
    return row[0] if row else 0
