"""Daily jobs: leases, by which one replica does the job of a day, and what people changed."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import LiteralString

from psycopg.rows import class_row

from memory.pool import Pool

LEASE_SECONDS = 900  # longer than any daily job takes

_CLAIM = """
    INSERT INTO daily_jobs AS job (name, lease_until)
    VALUES (%(name)s, now() + make_interval(secs => %(lease)s))
    ON CONFLICT (name) DO UPDATE SET lease_until = excluded.lease_until
    WHERE job.lease_until < now() AND (job.done_for IS NULL OR job.done_for < %(day)s)
    RETURNING 1
"""
_DONE = """
    UPDATE daily_jobs SET done_for = %(day)s, lease_until = '-infinity' WHERE name = %(name)s
"""
_GIVE_BACK = """
    UPDATE daily_jobs SET lease_until = '-infinity' WHERE name = %(name)s
"""
_CHANGE = """
    INSERT INTO daily_jobs (name, schedule) VALUES (%(name)s, %(schedule)s)
    ON CONFLICT (name) DO UPDATE SET schedule = excluded.schedule
"""
_SUSPEND = """
    INSERT INTO daily_jobs AS job (name, suspended_at, suspended_by)
    VALUES (%(name)s, now(), %(by)s)
    ON CONFLICT (name) DO UPDATE SET
        suspended_at = coalesce(job.suspended_at, excluded.suspended_at),
        suspended_by = coalesce(job.suspended_by, excluded.suspended_by)
"""
_RESUME = """
    UPDATE daily_jobs SET suspended_at = NULL, suspended_by = NULL WHERE name = %(name)s
"""


@dataclass(frozen=True, slots=True)
class DailyJob:
    """A daily job as people changed it."""

    name: str
    """Name of the job."""
    schedule: str | None = None
    """Cron expression in UTC; None: the job's own."""
    suspended_at: datetime | None = None
    """Moment since which the job is not done; None: it is done."""
    suspended_by: str | None = None
    """Person who suspended it; None as above."""


class DailyJobs:
    """Claims, completions and changes of daily jobs in the agent's database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def claim(self, name: str, day: date) -> bool:
        """Claim the job of `day`; return False when it is done or another replica holds it."""
        return await self._execute(_CLAIM, name=name, day=day, lease=LEASE_SECONDS)

    async def done(self, name: str, day: date) -> None:
        """Mark the job of `day` as done, and end the lease."""
        await self._execute(_DONE, name=name, day=day)

    async def give_back(self, name: str) -> None:
        """End the lease of a job that is not done, for another replica."""
        await self._execute(_GIVE_BACK, name=name)

    async def changed(self) -> dict[str, DailyJob]:
        """Return the stored jobs by name; one that never ran and was never changed has no row."""
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(DailyJob)) as cursor,
        ):
            await cursor.execute(
                "SELECT name, schedule, suspended_at, suspended_by FROM daily_jobs"
            )
            return {job.name: job for job in await cursor.fetchall()}

    async def change(self, name: str, schedule: str) -> None:
        """Change the time of a job."""
        await self._execute(_CHANGE, name=name, schedule=schedule)

    async def suspend(self, name: str, by: str) -> None:
        """Stop a job until it is resumed."""
        await self._execute(_SUSPEND, name=name, by=by)

    async def resume(self, name: str) -> None:
        """Let a suspended job be done again."""
        await self._execute(_RESUME, name=name)

    async def _execute(self, statement: LiteralString, **values: object) -> bool:
        async with self._pool.connection() as connection:
            return (await connection.execute(statement, values)).rowcount == 1
