"""The episode store on PostgreSQL."""

# ruff: noqa: S608 (statements consist of LiteralStrings, which the type checker holds)

from collections.abc import Iterable
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import dict_row

from domain_services.kernel.errors import NotFound
from memory import quality, rows
from memory.episode import Episode, Outcome
from memory.pool import Connection, Pool
from memory.store import Counts, EpisodeStore

# Episodes a statement: into a vector index of 100,000 they take about a tenth of its timeout.
ROWS_A_STATEMENT = 200

_SELECT: LiteralString = f"SELECT {rows.COLUMNS} FROM episodes "
_OUTCOME = """
    UPDATE episodes
    SET completed_tasks = %(completed_tasks)s, planned_tasks = %(planned_tasks)s,
        completion_rate = %(completion_rate)s, spill_over = %(spill_over)s,
        duration_days = %(duration_days)s, quality = %(quality)s, recallable = %(recallable)s
    WHERE episode_id = %(episode_id)s
"""
_COUNT = """
    SELECT count(*), count(completed_tasks), count(*) FILTER (WHERE recallable),
           count(*) FILTER (WHERE requires_embedding)
    FROM episodes WHERE %s::text IS NULL OR project_id = %s
"""


async def insert(connection: Connection, episodes: Iterable[Episode]) -> int:
    """Insert into `episodes` in the caller's transaction; how many were new."""
    all_of_them, created = list(episodes), 0
    for start in range(0, len(all_of_them), ROWS_A_STATEMENT):
        document = rows.to_document(all_of_them[start : start + ROWS_A_STATEMENT])
        created += (await connection.execute(rows.INSERT, (document,))).rowcount
    return created


async def write_outcome(connection: Connection, sprint_id: str, outcome: Outcome) -> bool:
    """Score the run that made the sprint again, with its outcome; False when nothing changes.

    In the caller's transaction. An imported episode has brought its own outcome.
    """
    made = "WHERE sprint_id = %s AND origin = 'run' ORDER BY decided_at LIMIT 1 FOR UPDATE"
    before = await _first(connection, _SELECT + made, sprint_id)
    return before is not None and await _write_outcome(connection, before, outcome)


async def _write_outcome(connection: Connection, before: Episode, outcome: Outcome) -> bool:
    if before.outcome == outcome:
        return False
    after = before.model_copy(update={"outcome": outcome})
    values = outcome.model_dump() | {
        "episode_id": before.episode_id,
        "quality": quality.score(after),
        "recallable": quality.recallable(after),
    }
    await connection.execute(_OUTCOME, values)
    return True


class PostgresEpisodes(EpisodeStore):
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, episodes: Iterable[Episode]) -> int:
        async with self._pool.connection() as connection, connection.transaction():
            return await insert(connection, episodes)

    async def get(self, episode_id: UUID) -> Episode | None:
        async with self._pool.connection() as connection:
            return await _first(connection, _SELECT + "WHERE episode_id = %s", episode_id)

    async def find_by_sprint(self, sprint_id: str) -> Episode | None:
        condition = "WHERE sprint_id = %s ORDER BY decided_at LIMIT 1"
        async with self._pool.connection() as connection:
            return await _first(connection, _SELECT + condition, sprint_id)

    async def list_for_project(self, project_id: str, limit: int) -> list[Episode]:
        condition = "WHERE project_id = %s ORDER BY decided_at DESC LIMIT %s"
        async with self._pool.connection() as connection:
            return await _select(connection, _SELECT + condition, project_id, limit)

    async def record_outcome(self, episode_id: UUID, outcome: Outcome) -> bool:
        locked = _SELECT + "WHERE episode_id = %s FOR UPDATE"
        async with self._pool.connection() as connection, connection.transaction():
            before = await _first(connection, locked, episode_id)
            if before is None:
                raise NotFound(f"there is no episode {episode_id}")
            return await _write_outcome(connection, before, outcome)

    async def count(self, project_id: str | None = None) -> Counts:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_COUNT, (project_id, project_id))
            return Counts(*(await cursor.fetchone() or (0, 0, 0, 0)))


async def _select(connection: Connection, query: LiteralString, *values: Any) -> list[Episode]:
    async with connection.cursor(binary=True, row_factory=dict_row) as cursor:
        await cursor.execute(query, values)
        return [rows.to_episode(row) for row in await cursor.fetchall()]


async def _first(connection: Connection, query: LiteralString, *values: Any) -> Episode | None:
    found = await _select(connection, query, *values)
    return found[0] if found else None
