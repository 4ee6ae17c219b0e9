"""Episode store on PostgreSQL: insert, count, and write outcomes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from psycopg.rows import class_row

from domain_services.events import ProgressSource
from memory import imported_episodes, quality, rows
from memory.episode import Episode, Outcome
from memory.pool import Connection, Pool
from memory.store import Counts, EpisodeStore, ImportedEpisodes

# Episodes a statement: into a vector index of 100,000 they take about a tenth of its timeout.
ROWS_A_STATEMENT = 200

# What a person corrected or forgot has a later version, which no announced outcome replaces.
# FOR UPDATE: the score is computed from the row and must not change before it is written.
_BY_SPRINT = """
    SELECT episode_id, quality, completed_tasks, planned_tasks, completion_rate, spill_over,
           duration_days, ended_on, progress_source, worked, completed_outside
    FROM episodes WHERE sprint_id = %s AND origin = 'run' AND version = 1
    ORDER BY decided_at LIMIT 1 FOR UPDATE
"""
_OUTCOME = """
    UPDATE episodes
    SET completed_tasks = %(completed_tasks)s, planned_tasks = %(planned_tasks)s,
        completion_rate = %(completion_rate)s, spill_over = %(spill_over)s,
        duration_days = %(duration_days)s, ended_on = %(ended_on)s,
        progress_source = %(progress_source)s, worked = %(worked)s,
        completed_outside = %(completed_outside)s,
        quality = %(quality)s, recallable = %(recallable)s
    WHERE episode_id = %(episode_id)s
"""
# A cancelled sprint has no outcome, so that nothing recalls its episode or learns from it.
_CANCELLED = """
    UPDATE episodes
    SET cancelled_at = c.cancelled_at, recallable = false,
        action = CASE WHEN forgotten_at IS NOT NULL THEN action
            ELSE action || jsonb_build_object('cancelled', jsonb_build_object(
                'at', to_char(c.cancelled_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                'reason', c.reason)) END
    FROM cancelled_sprints AS c
    WHERE c.sprint_id = ANY(%s) AND episodes.sprint_id = c.sprint_id AND origin = 'run'
      AND episodes.cancelled_at IS NULL
"""
_COUNT = """
    SELECT count(*), count(completed_tasks), count(*) FILTER (WHERE recallable),
           count(*) FILTER (WHERE requires_embedding)
    FROM episodes WHERE %s::text IS NULL OR project_id = %s
"""


@dataclass(frozen=True, slots=True)
class SprintEnd:
    """The end of a sprint, and who worked in it."""

    ended_on: date | None
    """Last day of the sprint; None: the one after all its days."""
    progress_source: ProgressSource | None
    """Origin of its progress; None while that is not known."""
    worked: bool
    """False when it says nothing of the team; no decision then learns from it."""
    completed_outside: int | None = None
    """Tasks of the project finished in its days outside it; None when not known."""


@dataclass(frozen=True, slots=True)
class _StoredOutcome:
    """The outcome columns of an episode; all None while the outcome is not known."""

    episode_id: UUID
    quality: float
    completed_tasks: int | None
    planned_tasks: int | None
    completion_rate: float | None
    spill_over: int | None
    duration_days: int | None
    ended_on: date | None
    progress_source: ProgressSource | None
    worked: bool | None
    completed_outside: int | None

    @property
    def end(self) -> SprintEnd | None:
        if self.worked is None:
            return None
        return SprintEnd(self.ended_on, self.progress_source, self.worked, self.completed_outside)

    @property
    def outcome(self) -> Outcome | None:
        if self.completed_tasks is None or self.duration_days is None:
            return None
        return Outcome(
            completed_tasks=self.completed_tasks,
            planned_tasks=self.planned_tasks,
            completion_rate=self.completion_rate,
            spill_over=self.spill_over,
            duration_days=self.duration_days,
        )


async def insert(connection: Connection, episodes: Iterable[Episode]) -> int:
    """Insert into `episodes` in the caller's transaction; return how many were new."""
    remaining, created = list(episodes), 0
    for start in range(0, len(remaining), ROWS_A_STATEMENT):
        document = rows.to_document(remaining[start : start + ROWS_A_STATEMENT])
        created += (await connection.execute(rows.INSERT, (document,))).rowcount
    return created


async def write_outcome(
    connection: Connection, sprint_id: str, outcome: Outcome, end: SprintEnd
) -> bool:
    """Write a sprint's outcome to its episode; return False when nothing changes.

    To be called in a transaction. An imported episode keeps the outcome of the import.
    """
    async with connection.cursor(binary=True, row_factory=class_row(_StoredOutcome)) as cursor:
        await cursor.execute(_BY_SPRINT, (sprint_id,))
        stored = await cursor.fetchone()
    if stored is None or (stored.outcome == outcome and stored.end == end):
        return False
    score = quality.score_with_outcome(stored.quality, stored.outcome, outcome)
    values = outcome.model_dump() | {
        "episode_id": stored.episode_id,
        "ended_on": end.ended_on,
        "progress_source": end.progress_source,
        "worked": end.worked,
        "completed_outside": end.completed_outside,
        "quality": score,
        "recallable": end.worked and quality.recallable(outcome, score),
    }
    await connection.execute(_OUTCOME, values)
    return True


async def mark_cancelled(connection: Connection, sprint_ids: Iterable[str]) -> int:
    """Mark the episodes whose sprints were cancelled; return how many are new."""
    return (await connection.execute(_CANCELLED, (list(sprint_ids),))).rowcount


class PostgresEpisodes(EpisodeStore):
    """Episodes in the table `episodes`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, episodes: Iterable[Episode]) -> int:
        async with self._pool.connection() as connection, connection.transaction():
            return await insert(connection, episodes)

    async def replace_imported(
        self, project_id: str, episodes: Iterable[Episode], keep: Collection[UUID] | None
    ) -> ImportedEpisodes:
        async with self._pool.connection() as connection, connection.transaction():
            return await imported_episodes.replace(connection, project_id, episodes, keep)

    async def count(self, project_id: str | None = None) -> Counts:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_COUNT, (project_id, project_id))
            return Counts(*(await cursor.fetchone() or (0, 0, 0, 0)))
