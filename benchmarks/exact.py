"""The right answer of a recall, computed with no index and none of our code's shortcuts."""

from uuid import UUID

from benchmarks.stage import Connection
from memory.episode import Perception
from memory.features import DIMENSIONS, features
from memory.search import TEXT_WEIGHT
from memory.vectors import Embedding

# OFFSET 0 keeps the planner from a vector index: all distances are computed first.
_ALL = """
    WITH compared AS MATERIALIZED (
        SELECT episode_id, features <-> %(features)s::vector AS distance,
               CASE WHEN embedding_model = %(model)s THEN 1 - (embedding <=> %(embedding)s) END
                   AS cosine
        FROM episodes
        WHERE recallable AND known_on <= %(day)s AND NOT simulated
          AND (%(project)s::text IS NULL OR project_id = %(project)s) OFFSET 0)
    SELECT episode_id FROM compared ORDER BY
"""
_BLEND = """
    (1 - %(weight)s::float8) / (1 + distance * distance / %(dimensions)s::float8)
    + %(weight)s::float8 * cosine DESC, episode_id LIMIT %(limit)s
"""
_STRUCTURE = " distance, episode_id LIMIT %(limit)s"


async def nearest(
    connection: Connection,
    state: Perception,
    embedding: Embedding,
    project_id: str | None,
    *,
    limit: int,
    blended: bool = True,
) -> list[UUID]:
    """The ids of the `limit` nearest, by the blend or by structure alone."""
    values = {
        "features": str(list(features(state))),
        "embedding": embedding.vector,
        "model": embedding.model,
        "day": state.day,
        "project": project_id,
        "weight": TEXT_WEIGHT,
        "dimensions": DIMENSIONS,
        "limit": limit,
    }
    query = _ALL + (_BLEND if blended else _STRUCTURE)
    rows = await (await connection.execute(query, values)).fetchall()
    return [row[0] for row in rows]
