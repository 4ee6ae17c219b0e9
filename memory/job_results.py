"""Last result of each scheduled job, in words, for people who ask what it did."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from memory.pool import Pool

MAX_RESULT_CHARACTERS = 1000

_STORE = """
    INSERT INTO job_results (name, finished_at, result, run_id)
    VALUES (%(name)s, %(finished_at)s, %(result)s, %(run_id)s)
    ON CONFLICT (name) DO UPDATE SET finished_at = excluded.finished_at,
        result = excluded.result, run_id = excluded.run_id
"""


@dataclass(frozen=True, slots=True)
class JobResult:
    """Result of a job's last firing."""

    name: str
    """Name of the job."""
    finished_at: datetime
    """Moment at which it ended."""
    result: str
    """What it did, or why it did nothing, in words."""
    run_id: UUID | None = None
    """Run that it started; None when it started none."""


class JobResults:
    """Results in the agent's database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def store(self, result: JobResult) -> None:
        """Keep a result in place of the job's last one."""
        values = {
            "name": result.name,
            "finished_at": result.finished_at,
            "result": result.result[:MAX_RESULT_CHARACTERS],
            "run_id": result.run_id,
        }
        async with self._pool.connection() as connection:
            await connection.execute(_STORE, values)

    async def by_name(self, names: list[str]) -> dict[str, JobResult]:
        """Return the results of these jobs; a job that never ran has none."""
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(JobResult)) as cursor,
        ):
            await cursor.execute(
                "SELECT name, finished_at, result, run_id FROM job_results WHERE name = ANY(%s)",
                (names,),
            )
            return {result.name: result for result in await cursor.fetchall()}

    async def delete(self, name: str) -> None:
        """Forget the result of a deleted job."""
        async with self._pool.connection() as connection:
            await connection.execute("DELETE FROM job_results WHERE name = %s", (name,))
