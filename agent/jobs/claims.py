"""Claims: which schedules are due now, and which replica fires each of them.

The cost of a look grows with what is due, not with the number of schedules.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString

import structlog
from psycopg.rows import dict_row
from pydantic import ValidationError

from agent.jobs.cronjob_table import COLUMNS
from domain_services.kernel.database.set_aside import (
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    TRIES,
    error_text,
)
from domain_services.kernel.types import utc_now
from memory.pool import Pool
from tools.cronjobs import CronJob, JobKind

logger = structlog.get_logger()

# A process that dies while it fires leaves the time to another after this. A scrum that was held
# nevertheless is not held again: docs/adr/0032-scrum-of-a-day.md.
CLAIM_SECONDS = 30
# Read at a time, so that thousands that are due in one minute do not fill the memory.
PAGE = 500

_PAUSE: LiteralString = """
    make_interval(secs => least(%(first)s * power(2, least(tries, 20)), %(longest)s))
"""
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
    UPDATE cronjobs SET last_due_at = greatest(last_due_at, %(due)s), claimed_until = NULL,
        tries = 0, {_NEXT}
    WHERE name = %(name)s
"""  # noqa: S608 - constants
# `last_due_at` stays: it means a firing, and days of a held project lie before this one.
_PASS_OVER: LiteralString = f"""
    UPDATE cronjobs SET starts_at = greatest(starts_at, %(starts)s), claimed_until = NULL,
        tries = 0, {_NEXT}
    WHERE name = %(name)s
"""  # noqa: S608 - constants
_RENEW: LiteralString = f"UPDATE cronjobs SET tries = 0, {_NEXT} WHERE name = %(name)s"  # noqa: S608
# The due time stays, and is tried again when the claim ends.
_POSTPONE: LiteralString = f"""
    UPDATE cronjobs SET tries = tries + 1, claimed_until = now() + {_PAUSE}
    WHERE name = %(name)s RETURNING tries
"""  # noqa: S608 - constants
# A row that cannot be read is looked at again ever later, and after the last try never, until it
# is changed or the process starts anew.
_REFUSE: LiteralString = f"""
    UPDATE cronjobs SET tries = tries + 1, applied_state = 'refused', applied_reason = %(reason)s,
        claimed_until = NULL,
        next_due_at = CASE WHEN tries + 1 < %(tries)s THEN now() + {_PAUSE} END
    WHERE name = %(name)s RETURNING tries
"""  # noqa: S608 - constants
_RELEASE = "UPDATE cronjobs SET claimed_until = NULL WHERE name = %(name)s"


@dataclass(frozen=True)
class Page:
    """Part of the schedules to look at."""

    jobs: list[CronJob]
    """Schedules that can be read."""
    last: tuple[datetime, str] | None
    """Due time and name of the last row; None at the end."""


class Claims:
    """Due times of the table `cronjobs`, each claimed by one replica."""

    def __init__(
        self, pool: Pool, clock: Callable[[], datetime] = utc_now, tries: int = TRIES
    ) -> None:
        """A due time that fails, or a row that cannot be read, is given up after `tries` tries."""
        self._pool = pool
        self._clock = clock
        self._tries = tries

    async def due(
        self,
        kinds: Sequence[JobKind],
        after: tuple[datetime, str] | None = None,
        page: int = PAGE,
    ) -> Page:
        """Read one page of the jobs to look at now, from the row after `after` on.

        A row that cannot be read is refused with the reason, and stops no other.
        """
        values = {
            "kinds": list(kinds),
            "now": self._clock(),
            "after": after[0] if after else "-infinity",
            "name": after[1] if after else "",
            "page": page,
            "unapplied": "active",
        }
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            await cursor.execute(_DUE, values)
            rows = await cursor.fetchall()
        jobs: list[CronJob] = []
        for row in rows:
            try:
                jobs.append(CronJob(**row))
            except ValidationError as error:
                await self.refuse(row["name"], error)
        return Page(jobs, (rows[-1]["next_due_at"], rows[-1]["name"]) if rows else None)

    async def refuse(self, name: str, error: Exception) -> None:
        """Store why a schedule cannot be read, and look at it again ever later."""
        reason = f"it cannot be read: {error_text(error)}; change or delete it"
        await self._count(_REFUSE, name, reason=reason, tries=self._tries)
        logger.error("schedule.unreadable", cronjob=name, error=error_text(error))

    async def postpone(self, job: CronJob) -> bool:
        """Count a failed try of a claimed time; False when it was the last one.

        The time is tried again after a pause that doubles.
        """
        return await self._count(_POSTPONE, job.name) < self._tries

    async def _count(self, statement: LiteralString, name: str, **values: object) -> int:
        pauses = {"first": FIRST_PAUSE_SECONDS, "longest": LONGEST_PAUSE_SECONDS}
        async with self._pool.connection() as connection:
            cursor = await connection.execute(statement, {"name": name, **pauses, **values})
            row = await cursor.fetchone()
        return row[0] if row else 0

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
