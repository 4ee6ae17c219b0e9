"""Similarity search in SQL: compare all candidates exactly, or search through vector indexes.

Both statements rank by a blend of structured and textual similarity. They compare the texts of the
structurally nearest episodes only. A bound says when the text of another one could matter. An
episode without an embedding counts with the mean text similarity of the nearest that have one.
"""

# ruff: noqa: S608 (statements consist of LiteralStrings, which the type checker holds)

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import LiteralString, TypedDict
from uuid import UUID

from pgvector import HalfVector, Vector
from psycopg.rows import class_row

from memory.episode import Perception
from memory.episode_documents import JsonObject
from memory.features import DIMENSIONS, features, similarity
from memory.pool import Connection
from memory.vectors import Embedding

# Share of the text in the similarity. Of five neighbours by text alone 0.24 are among the
# numerically nearest, by this blend 0.87 (docs/adr/0022-recall-blend.md).
TEXT_WEIGHT = 0.2

# The caller chooses the statement by this limit, not the planner, whose estimates of vector scans
# are poor. Comparing so many rows takes as long as two index searches.
EXACT_ROWS = 3000
NEAREST_STRUCTURED = 40  # episodes whose texts are compared first
NEAREST_TEXT = 40
NEAREST_WITH_TEXT = 10  # whose mean text similarity stands for one that is not known

# Of any project: what becomes known later would be the future. Simulated sprints say nothing of
# people, and people's sprints nothing of the simulation (docs/adr/0080-as-of-recall.md).
_PAST: LiteralString = "recallable AND known_on <= %(day)s AND simulated = %(simulated)s"
_PROJECT: LiteralString = " AND project_id = %(project)s"

_DISTANCE: LiteralString = "features <-> %(features)s AS distance"
_COSINE: LiteralString = """
    CASE WHEN embedding_model = %(model)s THEN 1 - (embedding <=> %(embedding)s) END AS cosine
"""
# The same formula as `Hit.similarity`: the database ranks before Python sees a row.
_RANK: LiteralString = """
    CASE WHEN coalesce(cosine, expected) IS NULL
    THEN 1 / (1 + distance * distance / %(dimensions)s)
    ELSE (1 - %(weight)s) / (1 + distance * distance / %(dimensions)s)
        + %(weight)s * coalesce(cosine, expected) END
"""
# Near states have texts that are alike to nearly the same degree, whatever the model
# (docs/adr/0022-recall-blend.md).
_EXPECTED: LiteralString = """
    SELECT avg(cosine) AS expected FROM (
        SELECT cosine FROM {candidates} WHERE cosine IS NOT NULL ORDER BY distance, id
        LIMIT %(with_text)s) AS with_text
"""
_ROW: LiteralString = """
    episode_id, project_id, sprint_id, day, known_on, simulated, perception,
    completed_tasks, planned_tasks, completion_rate, spill_over, duration_days,
    completed_outside
"""


def _exact(where: LiteralString) -> LiteralString:
    return f"""
    WITH candidates AS MATERIALIZED (
        SELECT episode_id AS id, {_DISTANCE} FROM episodes WHERE {where} LIMIT %(most)s
    ), compared AS MATERIALIZED (
        SELECT id, distance, {_COSINE}
        FROM (SELECT * FROM candidates ORDER BY distance, id LIMIT %(compared)s) AS by_features
        JOIN episodes ON episode_id = id
    ), expectation AS ({_EXPECTED.replace("{candidates}", "compared")}), nearest AS (
        SELECT * FROM compared, expectation ORDER BY {_RANK} DESC, id LIMIT %(limit)s
    )
    SELECT distance, cosine, expected, true AS structured, cosine IS NOT NULL AS textual,
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
    WITH nearby AS MATERIALIZED ({searches}), candidates AS (
        SELECT id, distance, cosine, bool_or(structured) AS structured, bool_or(textual) AS textual
        FROM nearby GROUP BY id, distance, cosine
    ), expectation AS ({_EXPECTED.replace("{candidates}", "candidates")}), nearest AS (
        SELECT *, count(*) OVER () AS searched FROM candidates, expectation
        ORDER BY {_RANK} DESC, id LIMIT %(limit)s
    )
    SELECT distance, cosine, expected, structured, textual, searched,
           (SELECT max(distance) FROM nearby WHERE structured) AS farthest, {_ROW}
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


class Query(TypedDict):
    """Parameters of both statements, by the names that the SQL gives them."""

    day: date
    """Day of the query; episodes that become known later are not found."""
    simulated: bool
    """True to find episodes of simulated sprints only, False to find none of them."""
    project: str | None
    """The only project to search; None for all."""
    features: Vector
    """Features of the state."""
    embedding: HalfVector | None
    """Embedding of the state's text; None without one."""
    model: str | None
    """Model of the embedding; embeddings of other models are not compared."""
    dimensions: int
    """Number of features."""
    weight: float
    """Share of the text in the similarity, 0..1."""
    limit: int
    """Number of episodes to find."""
    with_text: int
    """Number of nearest episodes whose mean stands for a text similarity that is missing."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A found episode, as both statements return it."""

    distance: float
    """L2 distance of the features."""
    cosine: float | None
    """Cosine of the embeddings; None when the texts were not compared."""
    expected: float | None
    """Mean cosine of the nearest with an embedding, the same in every row; None without one."""
    structured: bool
    """True when it is among the nearest by features."""
    textual: bool
    """True when it is among the nearest by text."""
    searched: int
    """Candidates that were compared, the same in every row."""
    farthest: float
    """Greatest distance among the nearest by features, the same in every row."""
    episode_id: UUID
    """Id of the episode."""
    project_id: str
    """Its project."""
    sprint_id: str | None
    """The sprint that the episode decided on; None when it created none."""
    day: date
    """The project's day of the decision."""
    known_on: date
    """Day from which the outcome is known: the one after the sprint's last."""
    simulated: bool
    """True when the sprint's progress was simulated."""
    perception: JsonObject
    """State of the project at the time, as JSON."""
    completed_tasks: int
    """Tasks completed in the sprint."""
    planned_tasks: int | None
    """Tasks that entered the sprint; None when not known, as the next two."""
    completion_rate: float | None
    """Completed over planned tasks."""
    spill_over: int | None
    """Planned tasks that were not completed."""
    duration_days: int
    """Calendar days of the sprint."""
    completed_outside: int | None
    """Tasks of the project finished in its days outside it; None when not known."""

    @property
    def structured_similarity(self) -> float:
        """Return the similarity of the features, 0..1."""
        return similarity(self.distance)

    @property
    def similarity(self) -> float:
        """Return the blend of both similarities, 0..1; without any text the structured one."""
        cosine = self.expected if self.cosine is None else self.cosine
        return self.structured_similarity if cosine is None else blend(self.distance, cosine)


def blend(distance: float, cosine: float) -> float:
    """Blend the similarity of features and texts, 0..1."""
    return (1 - TEXT_WEIGHT) * similarity(distance) + TEXT_WEIGHT * cosine


def text_may_matter(query: Query, hits: list[Hit]) -> bool:
    """Check that an episode whose text was not compared could be nearer than the last of `hits`."""
    if query["embedding"] is None or not hits:
        return False
    # At best, its features are as near as those of the farthest candidate and its text is equal.
    return hits[-1].similarity < blend(hits[-1].farthest, 1.0)


def make_query(
    perception: Perception,
    embedding: Embedding | None,
    project_id: str | None,
    limit: int,
    *,
    simulated: bool = False,
) -> Query:
    """Return the parameters of a search; `project_id` None searches all projects."""
    return {
        "day": perception.day,
        "simulated": simulated,
        "project": project_id,
        "features": Vector(list(features(perception))),
        "embedding": embedding.vector if embedding else None,
        "model": embedding.model if embedding else None,
        "dimensions": DIMENSIONS,
        "weight": TEXT_WEIGHT,
        "limit": limit,
        "with_text": NEAREST_WITH_TEXT,
    }


async def search_exact(connection: Connection, query: Query, most: int | None) -> list[Hit]:
    """Find the nearest of at most `most` candidates; None for no such limit."""
    statement = _EXACT[query["project"] is not None]
    hits: list[Hit] = []
    # LIMIT NULL is no limit: the second round compares the texts of all candidates.
    for compared in (NEAREST_STRUCTURED, None):
        hits = await _select(connection, statement, {**query, "most": most, "compared": compared})
        if not text_may_matter(query, hits):
            break
    return hits


async def search_indexed(connection: Connection, query: Query, by_text: bool) -> list[Hit]:
    """Find the nearest through the index of features, and with `by_text` that of embeddings."""
    statement = _INDEXED[query["project"] is not None, by_text]
    oversample = {"most_structured": NEAREST_STRUCTURED, "most_text": NEAREST_TEXT}
    return await _select(connection, statement, {**query, **oversample})


async def _select(
    connection: Connection, statement: LiteralString, values: Mapping[str, object]
) -> list[Hit]:
    async with connection.cursor(binary=True, row_factory=class_row(Hit)) as cursor:
        await cursor.execute(statement, values)
        return await cursor.fetchall()


async def count_of_model(connection: Connection, model: str, most: int) -> int:
    """Count the recallable episodes with an embedding of `model`, up to `most`."""
    cursor = await connection.execute(_COUNT_OF_MODEL, (model, most))
    row = await cursor.fetchone()
    return row[0] if row else 0
