"""Leases of daily jobs: one replica does the job of a day, another one when it dies."""

from datetime import date

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


class DailyJobs:
    """Claims and completions of daily jobs in the agent's database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def claim(self, name: str, day: date) -> bool:
        """Claim the job of `day`; return False when it is done or another replica holds it."""
        values = {"name": name, "day": day, "lease": LEASE_SECONDS}
        async with self._pool.connection() as connection:
            return (await connection.execute(_CLAIM, values)).rowcount == 1

    async def done(self, name: str, day: date) -> None:
        """Mark the job of `day` as done, and end the lease."""
        async with self._pool.connection() as connection:
            await connection.execute(_DONE, {"name": name, "day": day})
