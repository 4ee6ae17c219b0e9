"""Table `cronjobs`: the schedules as people and runs want them, in both modes.

In the embedded mode it is the port itself. In a cluster another adapter makes the cluster's
CronJobs like its rows (docs/adr/0104-wanted-schedules-in-one-table.md).
"""

import zlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, LiteralString

import structlog
from psycopg import AsyncCursor
from psycopg.rows import dict_row
from pydantic import ValidationError

from domain_services.kernel.errors import Conflict
from domain_services.kernel.types import utc_now
from memory.pool import Pool
from tools.cron_dialect import check_timezone, parse_schedule
from tools.cronjobs import CronJob, State

logger = structlog.get_logger()

# Resumed jobs begin within this time, so that hundreds of them do not begin in one second.
SPREAD_SECONDS = 300

COLUMNS: LiteralString = """
    name, kind, project_id, sprint_id, schedule, timezone, starts_on, ends_on, created_by,
    created_at, starts_at, suspended_at, suspended_by, last_due_at, next_due_at,
    coalesce(applied_state, %(unapplied)s) AS state, applied_reason AS state_reason
"""
_SAME: LiteralString = """
    (job.schedule, job.timezone, job.ends_on, job.starts_on) IS NOT DISTINCT FROM
    (excluded.schedule, excluded.timezone, excluded.ends_on,
     coalesce(excluded.starts_on, job.starts_on))
"""
# `last_due_at` stays: a repeated creation must not fire a time again. `starts_at` moves with the
# schedule: a new one must not fire for a time before it.
_CREATE: LiteralString = f"""
    INSERT INTO cronjobs AS job (name, kind, project_id, sprint_id, schedule, timezone, starts_on,
        ends_on, created_by, created_at, starts_at, next_due_at)
    VALUES (%(name)s, %(kind)s, %(project_id)s, %(sprint_id)s, %(schedule)s, %(timezone)s,
        %(starts_on)s, %(ends_on)s, %(created_by)s, %(now)s, %(now)s, %(next)s)
    ON CONFLICT (name) DO UPDATE SET schedule = excluded.schedule, timezone = excluded.timezone,
        ends_on = excluded.ends_on, starts_on = coalesce(excluded.starts_on, job.starts_on),
        starts_at = CASE
            WHEN (job.schedule, job.timezone) = (excluded.schedule, excluded.timezone)
            THEN job.starts_at ELSE excluded.starts_at END,
        next_due_at = CASE WHEN {_SAME} AND job.tries = 0 THEN job.next_due_at
            ELSE excluded.next_due_at END,
        tries = 0,
        applied_state = CASE WHEN {_SAME} THEN job.applied_state END,
        applied_reason = CASE WHEN {_SAME} THEN job.applied_reason END
    WHERE (job.project_id, job.sprint_id)
        IS NOT DISTINCT FROM (excluded.project_id, excluded.sprint_id)
    RETURNING {COLUMNS}
"""  # noqa: S608 - constants
_ENSURE = """
    INSERT INTO cronjobs (name, kind, schedule, timezone, created_by, created_at, starts_at,
        next_due_at)
    VALUES (%(name)s, %(kind)s, %(schedule)s, %(timezone)s, %(created_by)s, %(now)s, %(now)s,
        %(next)s)
    ON CONFLICT (name) DO NOTHING
"""
_WRITE = """
    UPDATE cronjobs SET schedule = %(schedule)s, timezone = %(timezone)s,
        starts_at = %(starts_at)s,
        suspended_at = %(suspended_at)s, suspended_by = %(suspended_by)s,
        next_due_at = %(next_due_at)s, applied_state = NULL, applied_reason = NULL, tries = 0
    WHERE name = %(name)s
"""
_STORE_APPLIED = """
    UPDATE cronjobs SET applied_state = %(state)s, applied_reason = %(reason)s,
        applied_hash = %(hash)s
    WHERE name = %(name)s
"""
# A row that could not be read is looked at again: this release may be able to.
_FORGET_APPLIED = """
    UPDATE cronjobs SET applied_state = NULL, applied_reason = NULL, applied_hash = NULL,
        next_due_at = CASE WHEN applied_state = 'refused' AND tries > 0 THEN now()
            ELSE next_due_at END,
        tries = 0
    WHERE applied_state IS NOT NULL OR applied_hash IS NOT NULL OR tries > 0
"""
_STORE_LAST_DUE = """
    UPDATE cronjobs SET last_due_at = greatest(last_due_at, %(due)s) WHERE name = %(name)s
"""


class CronJobTable:
    """Rows of `cronjobs` as the port `CronJobs`.

    `unapplied` is the state of a job of which the table does not know whether the cluster has it.
    """

    def __init__(
        self,
        pool: Pool,
        clock: Callable[[], datetime] = utc_now,
        *,
        unapplied: State = "active",
    ) -> None:
        self.pool = pool
        self._clock = clock
        self._unapplied: State = unapplied

    async def create(self, job: CronJob) -> CronJob:
        """Store `job`, or adopt the one of its name.

        Raises: `Invalid` for a bad schedule; `Conflict` for a name that another owner has.
        """
        parse_schedule(job.schedule)
        check_timezone(job.timezone)
        now = self._clock()
        values = job.model_dump() | {"now": now, "next": job.next_from(now)}
        for stored in await self._select(_CREATE, values):
            return stored
        # Names are shortened to 52 characters with a digest of 32 bits.
        raise Conflict(
            f"the schedule {job.name} belongs to another project or sprint; create the project"
            " again under another id",
            name=job.name,
        )

    async def ensure(self, jobs: Iterable[CronJob]) -> None:
        """Store the jobs that are not there; one that is there stays as people changed it."""
        now = self._clock()
        async with self.pool.connection() as connection:
            for job in jobs:
                values = job.model_dump() | {"now": now, "next": job.next_from(now)}
                await connection.execute(_ENSURE, values)

    async def change(
        self, project_id: str | None, name: str, schedule: str, timezone: str | None = None
    ) -> bool:
        """Change the times of a job; False without one of that name. Raises: `Invalid`.

        Without `timezone` the zone stays.
        """
        parse_schedule(schedule)
        if timezone is not None:
            check_timezone(timezone)

        def edit(job: CronJob, now: datetime) -> CronJob | None:
            times = {"schedule": schedule, "timezone": timezone or job.timezone}
            changed = job.model_copy(update=times)
            if changed == job:
                return None
            changed = changed.model_copy(update={"starts_at": now})
            return _due(changed, changed.next_from(now))

        return await self._edit(project_id, name, edit)

    async def suspend(self, project_id: str | None, name: str, by: str) -> bool:
        """Stop a job's firing until it is resumed; False without one of that name."""

        def edit(job: CronJob, now: datetime) -> CronJob | None:
            if job.suspended:
                return None
            return job.model_copy(update={"suspended_at": now, "suspended_by": by})

        return await self._edit(project_id, name, edit)

    async def resume(self, project_id: str | None, name: str) -> bool:
        """Let a suspended job fire again, for no time of its pause; False without one."""

        def edit(job: CronJob, now: datetime) -> CronJob | None:
            if not job.suspended:
                return None
            running = {"suspended_at": None, "suspended_by": None, "starts_at": now}
            return _due(job.model_copy(update=running), _spread(job, now))

        return await self._edit(project_id, name, edit)

    async def delete(self, project_id: str | None, name: str) -> bool:
        """Delete the project's own job; False when it has none of that name."""
        statement = """
            DELETE FROM cronjobs WHERE name = %(name)s
            AND project_id IS NOT DISTINCT FROM %(project_id)s
        """
        return await self._execute(statement, {"project_id": project_id, "name": name})

    async def find(self, name: str) -> CronJob | None:
        """Read the job of a name; None without one."""
        query: LiteralString = f"SELECT {COLUMNS} FROM cronjobs WHERE name = %(name)s"  # noqa: S608
        return next(iter(await self._select(query, {"name": name})), None)

    async def list_jobs(self, project_id: str | None) -> list[CronJob]:
        """List the project's jobs by name; for None the installation's own."""
        query: LiteralString = f"SELECT {COLUMNS} FROM cronjobs WHERE "  # noqa: S608
        if project_id is None:
            return await self._select(f"{query} project_id IS NULL ORDER BY name", {})
        values = {"project_id": project_id}
        return await self._select(f"{query} project_id = %(project_id)s ORDER BY name", values)

    async def list_all(self) -> list[CronJob]:
        """List the jobs of all projects by name."""
        return await self._select(f"SELECT {COLUMNS} FROM cronjobs ORDER BY name", {})  # noqa: S608

    async def store_applied(
        self, name: str, state: State, reason: str | None, spec_hash: str | None
    ) -> None:
        """Store what the cluster has of a job, and why it has not."""
        values = {"name": name, "state": state, "reason": reason, "hash": spec_hash}
        await self._execute(_STORE_APPLIED, values)

    async def applied_hashes(self) -> dict[str, str | None]:
        """Return the hash of what the cluster was last told, by name."""
        async with self.pool.connection() as connection:
            cursor = await connection.execute("SELECT name, applied_hash FROM cronjobs")
            return dict(await cursor.fetchall())

    async def count_states(self) -> dict[str, int]:
        """Count the jobs by their state."""
        query = "SELECT coalesce(applied_state, %s), count(*) FROM cronjobs GROUP BY 1"
        async with self.pool.connection() as connection:
            cursor = await connection.execute(query, (self._unapplied,))
            return dict(await cursor.fetchall())

    async def refused(self) -> list[str]:
        """Say which schedules cannot be read, or are refused by the cluster: the first five."""
        query = """
            SELECT name, applied_reason FROM cronjobs WHERE applied_state = 'refused'
            ORDER BY name LIMIT 5
        """
        async with self.pool.connection() as connection:
            rows = await (await connection.execute(query)).fetchall()
        return [f"the schedule {name} is refused: {(reason or '')[:200]}" for name, reason in rows]

    async def forget_applied(self) -> None:
        """Forget what a cluster had of the jobs, since the embedded mode fires them now."""
        await self._execute(_FORGET_APPLIED, {})

    async def store_last_due(self, name: str, due: datetime) -> None:
        """Store the newest due time that the cluster has fired."""
        await self._execute(_STORE_LAST_DUE, {"name": name, "due": due})

    async def _edit(
        self,
        project_id: str | None,
        name: str,
        edit: Callable[[CronJob, datetime], CronJob | None],
    ) -> bool:
        """Replace a job by what `edit` returns for it; None leaves it as it is."""
        query: LiteralString = f"""
            SELECT {COLUMNS} FROM cronjobs WHERE name = %(name)s
            AND project_id IS NOT DISTINCT FROM %(project_id)s FOR UPDATE
        """  # noqa: S608
        async with (
            self.pool.connection() as connection,
            connection.transaction(),
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            values = {"name": name, "project_id": project_id, "unapplied": self._unapplied}
            await cursor.execute(query, values)
            jobs = await read_jobs(cursor)
            edited = edit(jobs[0], self._clock()) if jobs else None
            if edited is not None:
                await cursor.execute(_WRITE, edited.model_dump())
        return bool(jobs)

    async def _execute(self, statement: LiteralString, values: Mapping[str, object]) -> bool:
        async with self.pool.connection() as connection:
            return (await connection.execute(statement, values)).rowcount == 1

    async def _select(self, query: LiteralString, values: dict[str, Any]) -> list[CronJob]:
        async with (
            self.pool.connection() as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            await cursor.execute(query, values | {"unapplied": self._unapplied})
            return await read_jobs(cursor)


async def read_jobs(cursor: AsyncCursor[dict[str, Any]]) -> list[CronJob]:
    """Read the jobs of a query for `COLUMNS`."""
    return [job for row in await cursor.fetchall() if (job := _job(row)) is not None]


def _job(row: dict[str, Any]) -> CronJob | None:
    """Read a row; one that cannot be read is logged and must not stop the others."""
    try:
        return CronJob(**row)
    except ValidationError as error:
        logger.error("schedule.unreadable", cronjob=row["name"], error=str(error))
        return None


def _due(job: CronJob, due: datetime | None) -> CronJob:
    return job.model_copy(update={"next_due_at": due})


def _spread(job: CronJob, now: datetime) -> datetime | None:
    """Return when to look at a resumed job: at its next due time, or a little later.

    The same job is always as late, at most by half the time to the due time after.
    """
    due = job.next_after(now)
    following = due and job.next_after(due)
    if due is None:
        return None
    most = SPREAD_SECONDS
    if following is not None:
        most = min(most, int((following - due).total_seconds() / 2))
    return due + timedelta(seconds=zlib.crc32(job.name.encode()) % max(most, 1))
