"""Schedules of the embedded mode: the table `cronjobs` as the port of the tools."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, LiteralString

import structlog
from psycopg.rows import dict_row
from pydantic import ValidationError

from domain_services.kernel.types import utc_now
from memory.pool import Pool
from tools.cron_dialect import parse_schedule
from tools.cronjobs import CronJob

logger = structlog.get_logger()

# A process that dies while it fires leaves the time to another after this. A scrum that was held
# nevertheless is not held again: docs/adr/0032-scrum-of-a-day.md.
CLAIM_SECONDS = 30

_COLUMNS: LiteralString = """
    name, kind, project_id, sprint_id, schedule, timezone, ends_on, created_by, created_at,
    starts_at, suspended_at, suspended_by, last_due_at
"""
# `last_due_at` stays: a repeated creation must not fire a time again. `starts_at` moves with the
# schedule: a new one must not fire for a time before it.
_CREATE: LiteralString = f"""
    INSERT INTO cronjobs AS job (name, kind, project_id, sprint_id, schedule, timezone, ends_on,
        created_by, created_at, starts_at)
    VALUES (%(name)s, %(kind)s, %(project_id)s, %(sprint_id)s, %(schedule)s, %(timezone)s,
        %(ends_on)s, %(created_by)s, %(now)s, %(now)s)
    ON CONFLICT (name) DO UPDATE SET schedule = excluded.schedule, timezone = excluded.timezone,
        ends_on = excluded.ends_on,
        starts_at = CASE
            WHEN (job.schedule, job.timezone) = (excluded.schedule, excluded.timezone)
            THEN job.starts_at ELSE excluded.starts_at END
    RETURNING {_COLUMNS}
"""  # noqa: S608 - constants
_CHANGE = """
    UPDATE cronjobs SET schedule = %(schedule)s,
        starts_at = CASE WHEN schedule = %(schedule)s THEN starts_at ELSE %(now)s END
    WHERE project_id = %(project_id)s AND name = %(name)s
"""
_SUSPEND = """
    UPDATE cronjobs SET suspended_at = coalesce(suspended_at, %(now)s),
        suspended_by = coalesce(suspended_by, %(by)s)
    WHERE project_id = %(project_id)s AND name = %(name)s
"""
# What was due in the pause is not fired afterwards.
_RESUME = """
    UPDATE cronjobs SET suspended_at = NULL, suspended_by = NULL,
        starts_at = CASE WHEN suspended_at IS NULL THEN starts_at ELSE %(now)s END
    WHERE project_id = %(project_id)s AND name = %(name)s
"""
_CLAIM = """
    UPDATE cronjobs SET claimed_until = now() + make_interval(secs => %(seconds)s)
    WHERE name = %(name)s AND suspended_at IS NULL AND starts_at <= %(due)s
      AND (last_due_at IS NULL OR last_due_at < %(due)s)
      AND (claimed_until IS NULL OR claimed_until < now())
"""


class EmbeddedCronJobs:
    """Table `cronjobs` of the agent's database as the `CronJobs` port of the tools."""

    def __init__(self, pool: Pool, clock: Callable[[], datetime] = utc_now) -> None:
        self._pool = pool
        self._clock = clock

    async def create(self, job: CronJob) -> CronJob:
        """Store `job`, or adopt the one of its name. Raises: `Invalid` for a bad schedule."""
        parse_schedule(job.schedule)
        [stored] = await self._select(_CREATE, {**job.model_dump(), "now": self._clock()})
        return stored

    async def change(self, project_id: str, name: str, schedule: str) -> bool:
        """Change the schedule of a job; False without one of that name. Raises: `Invalid`."""
        parse_schedule(schedule)
        return await self._update(_CHANGE, project_id, name, schedule=schedule)

    async def suspend(self, project_id: str, name: str, by: str) -> bool:
        """Stop a job's firing until it is resumed; False without one of that name."""
        return await self._update(_SUSPEND, project_id, name, by=by)

    async def resume(self, project_id: str, name: str) -> bool:
        """Let a suspended job fire again; False without one of that name."""
        return await self._update(_RESUME, project_id, name)

    async def delete(self, project_id: str, name: str) -> bool:
        """Delete the project's own job; False when it has none of that name."""
        statement = "DELETE FROM cronjobs WHERE project_id = %(project_id)s AND name = %(name)s"
        return await self._update(statement, project_id, name)

    async def list_jobs(self, project_id: str) -> list[CronJob]:
        """List the project's jobs by name."""
        query = f"SELECT {_COLUMNS} FROM cronjobs WHERE project_id = %s ORDER BY name"  # noqa: S608
        return await self._select(query, [project_id])

    async def list_all(self) -> list[CronJob]:
        """List the jobs of all projects by name."""
        return await self._select(f"SELECT {_COLUMNS} FROM cronjobs ORDER BY name", [])  # noqa: S608

    async def claim(self, job: CronJob, due: datetime, seconds: float = CLAIM_SECONDS) -> bool:
        """Claim a due time; False when it has fired, is claimed or must not fire."""
        return await self._execute(_CLAIM, {"name": job.name, "due": due, "seconds": seconds})

    async def mark_fired(self, job: CronJob, due: datetime) -> None:
        """Record that a due time is over and does not fire again."""
        statement = """
            UPDATE cronjobs SET last_due_at = %(due)s, claimed_until = NULL WHERE name = %(name)s
        """
        await self._execute(statement, {"name": job.name, "due": due})

    async def pass_over(self, job: CronJob, due: datetime) -> None:
        """Let a due time pass without firing; the next one fires again."""
        # `last_due_at` stays: it means a firing, and days of a held project lie before this one.
        statement = """
            UPDATE cronjobs SET starts_at = greatest(starts_at, %(next)s), claimed_until = NULL
            WHERE name = %(name)s
        """
        await self._execute(statement, {"name": job.name, "next": due + timedelta(seconds=1)})

    async def release(self, job: CronJob) -> None:
        """Release a claimed time, for the next round of any replica."""
        statement = "UPDATE cronjobs SET claimed_until = NULL WHERE name = %(name)s"
        await self._execute(statement, {"name": job.name})

    async def _update(
        self, statement: LiteralString, project_id: str, name: str, **values: object
    ) -> bool:
        values |= {"project_id": project_id, "name": name, "now": self._clock()}
        return await self._execute(statement, values)

    async def _execute(self, statement: LiteralString, values: dict[str, object]) -> bool:
        async with self._pool.connection() as connection:
            return (await connection.execute(statement, values)).rowcount == 1

    async def _select(
        self, query: LiteralString, values: Sequence[object] | dict[str, Any]
    ) -> list[CronJob]:
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            await cursor.execute(query, values)
            rows = await cursor.fetchall()
        return [job for row in rows if (job := _job(row)) is not None]


def _job(row: dict[str, Any]) -> CronJob | None:
    """Read a row; one that cannot be read is logged and must not stop the others."""
    try:
        return CronJob(**row)
    except ValidationError as error:
        logger.error("schedule.unreadable", cronjob=row["name"], error=str(error))
        return None
