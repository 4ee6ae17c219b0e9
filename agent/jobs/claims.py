"""Claims: which schedules are due now, and which replica fires each of them.

The cost of a look grows with what is due, not with the number of schedules.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import LiteralString

from psycopg.rows import dict_row

from agent.jobs.cronjob_table import COLUMNS, read_jobs
from domain_services.kernel.types import utc_now
from memory.pool import Pool
from tools.cronjobs import CronJob, JobKind

# A process that dies while it fires leaves the time to another after this. A scrum that was held
# nevertheless is not held again: docs/adr/0032-scrum-of-a-day.md.
CLAIM_SECONDS = 30
# Read at a time, so that thousands that are due in one minute do not fill the memory.
PAGE = 500

_DUE: LiteralString = f"""
    SELECT {COLUMNS} FROM cronjobs
    WHERE kind = ANY(%(kinds)s) AND suspended_at IS NULL AND next_due_at <= %(now)s
      AND (next_due_at, name) > (%(after)s, %(name)s)
      AND (claimed_until IS NULL OR claimed_until < now())
    ORDER BY next_due_at, name LIMIT %(page)s
"""  # noqa: S608 - constants
_CLAIM = """
    UPDATE cronjobs SET claimed_until = now() + make_interval(secs => %(seconds)s)
    WHERE name = %(name)s AND suspended_at IS NULL AND starts_at <= %(due)s
      AND (last_due_at IS NULL OR last_due_at < %(due)s)
      AND (claimed_until IS NULL OR claimed_until < now())
"""
# A schedule that was changed meanwhile has a next due time of its own.
_NEXT: LiteralString = """
    next_due_at = CASE WHEN next_due_at IS NOT DISTINCT FROM %(read)s THEN %(next)s
        ELSE next_due_at END
"""
_MARK_FIRED: LiteralString = f"""
    UPDATE cronjobs SET last_due_at = greatest(last_due_at, %(due)s), claimed_until = NULL, {_NEXT}
    WHERE name = %(name)s
"""  # noqa: S608 - constants
# `last_due_at` stays: it means a firing, and days of a held project lie before this one.
_PASS_OVER: LiteralString = f"""
    UPDATE cronjobs SET starts_at = greatest(starts_at, %(starts)s), claimed_until = NULL, {_NEXT}
    WHERE name = %(name)s
"""  # noqa: S608 - constants
_RENEW: LiteralString = f"UPDATE cronjobs SET {_NEXT} WHERE name = %(name)s"  # noqa: S608
_RELEASE = "UPDATE cronjobs SET claimed_until = NULL WHERE name = %(name)s"


class Claims:
    """Due times of the table `cronjobs`, each claimed by one replica."""

    def __init__(self, pool: Pool, clock: Callable[[], datetime] = utc_now) -> None:
        self._pool = pool
        self._clock = clock

    async def due(
        self, kinds: Sequence[JobKind], after: CronJob | None = None, page: int = PAGE
    ) -> list[CronJob]:
        """Read one page of the jobs to look at now, from the one after `after` on."""
        values = {
            "kinds": list(kinds),
            "now": self._clock(),
            "after": after.next_due_at if after else "-infinity",
            "name": after.name if after else "",
            "page": page,
            "unapplied": "active",
        }
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            await cursor.execute(_DUE, values)
            return await read_jobs(cursor)

    async def claim(self, job: CronJob, due: datetime, seconds: float = CLAIM_SECONDS) -> bool:
        """Claim a due time; False when it has fired, is claimed or must not fire."""
        return await self._execute(_CLAIM, {"name": job.name, "due": due, "seconds": seconds})

    async def mark_fired(self, job: CronJob, due: datetime) -> None:
        """Record that a due time is over and does not fire again."""
        await self._end(_MARK_FIRED, job, due, job.next_after(due))

    async def pass_over(self, job: CronJob, due: datetime) -> None:
        """Let a due time pass without firing; the next one fires again."""
        await self._end(_PASS_OVER, job, due, job.next_after(due))

    async def renew(self, job: CronJob) -> None:
        """Store the next due time of a job that is not due now."""
        now = self._clock()
        await self._end(_RENEW, job, now, job.next_after(now))

    async def release(self, job: CronJob) -> None:
        """Release a claimed time, for the next round of any replica."""
        await self._execute(_RELEASE, {"name": job.name})

    async def _end(
        self, statement: LiteralString, job: CronJob, due: datetime, following: datetime | None
    ) -> None:
        values = {
            "name": job.name,
            "due": due,
            "starts": due + timedelta(seconds=1),
            "read": job.next_due_at,
            "next": following,
        }
        await self._execute(statement, values)

    async def _execute(self, statement: LiteralString, values: Mapping[str, object]) -> bool:
        async with self._pool.connection() as connection:
            return (await connection.execute(statement, values)).rowcount == 1
