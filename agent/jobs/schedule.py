"""Schedules of the embedded mode: a table of cron jobs, and the loop that fires due ones.

The contract is that of Kubernetes' CronJobs. Each scheduled time runs once. After an outage the
newest missed time is caught up within a deadline, older ones are not. Nothing fires after the
sprint's last day.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta
from typing import LiteralString
from zoneinfo import ZoneInfo

import structlog
from cronsim import CronSim, CronSimError
from psycopg.rows import class_row

from domain_services.kernel.background import Loop, every, for_each
from domain_services.kernel.errors import Invalid, Problem, Unavailable
from domain_services.kernel.types import utc_now
from memory.pool import Pool
from tools.cronjobs import CronJob

logger = structlog.get_logger()

STARTING_DEADLINE = timedelta(seconds=3600)
# A process that dies while it fires leaves the time to another after this. A scrum that was held
# nevertheless is not held again: docs/adr/0032-scrum-of-a-day.md.
CLAIM_SECONDS = 30

_COLUMNS: LiteralString = "name, project_id, sprint_id, schedule, timezone, ends_on, last_due_at"


class EmbeddedCronJobs:
    """Table `schedules` of the agent's database as the `CronJobs` port of the tools."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create(self, job: CronJob) -> CronJob:
        """Store `job`, or adopt the one of its name. Raises: `Invalid` for a bad schedule."""
        check_schedule(job.schedule)
        async with self._pool.connection() as connection:
            # `last_due_at` stays: a repeated creation must not fire a time again.
            await connection.execute(
                "INSERT INTO schedules (name, project_id, sprint_id, schedule, timezone, ends_on)"
                " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (name) DO UPDATE"
                " SET schedule = excluded.schedule, timezone = excluded.timezone,"
                " ends_on = excluded.ends_on",
                [job.name, job.project_id, job.sprint_id, job.schedule, job.timezone, job.ends_on],
            )
        return job

    async def delete(self, project_id: str, name: str) -> bool:
        """Delete the project's own job; False when it has none of that name."""
        async with self._pool.connection() as connection:
            done = await connection.execute(
                "DELETE FROM schedules WHERE project_id = %s AND name = %s", [project_id, name]
            )
        return done.rowcount == 1

    async def list_jobs(self, project_id: str) -> list[CronJob]:
        """List the project's jobs by name."""
        return await self._select("WHERE project_id = %s", [project_id])

    async def list_all(self) -> list[CronJob]:
        """List the jobs of all projects."""
        return await self._select("", [])

    async def claim(self, job: CronJob, due: datetime) -> bool:
        """Claim a due time for `CLAIM_SECONDS`; False when it has fired or is claimed."""
        async with self._pool.connection() as connection:
            done = await connection.execute(
                "UPDATE schedules SET claimed_until = now() + make_interval(secs => %s)"
                " WHERE name = %s AND (last_due_at IS NULL OR last_due_at < %s)"
                " AND (claimed_until IS NULL OR claimed_until < now())",
                [CLAIM_SECONDS, job.name, due],
            )
        return done.rowcount == 1

    async def mark_fired(self, job: CronJob, due: datetime) -> None:
        """Record that a due time is over and does not fire again."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE schedules SET last_due_at = %s, claimed_until = NULL WHERE name = %s",
                [due, job.name],
            )

    async def release(self, job: CronJob) -> None:
        """Release a claimed time, for the next round of any replica."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE schedules SET claimed_until = NULL WHERE name = %s", [job.name]
            )

    async def _select(self, where: LiteralString, values: list[str]) -> list[CronJob]:
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(CronJob)) as cursor,
        ):
            await cursor.execute(
                f"SELECT {_COLUMNS} FROM schedules {where} ORDER BY name",  # noqa: S608 - constants
                values,
            )
            return await cursor.fetchall()


def check_schedule(schedule: str) -> None:
    """Check a five-field cron expression. Raises: `Invalid`."""
    try:
        CronSim(schedule, utc_now())
    except CronSimError as error:
        raise Invalid(
            f"schedule {schedule!r} is not a cron expression; send five fields: {error}"
        ) from error


def last_due(job: CronJob, now: datetime) -> datetime | None:
    """Return the newest scheduled time up to `now` that may still start; None without one."""
    zone = ZoneInfo(job.timezone)
    local = now.astimezone(zone)
    # A day more: the last time may be caught up after midnight.
    if local.date() > job.ends_on + timedelta(days=1):
        return None
    last_moment = datetime.combine(job.ends_on, time.max, tzinfo=zone)
    # CronSim's start is exclusive: a second later includes the present moment.
    due = next(
        CronSim(job.schedule, min(local, last_moment) + timedelta(seconds=1), reverse=True), None
    )
    if due is None or now - due > STARTING_DEADLINE or due.date() > job.ends_on:
        return None
    return due.astimezone(UTC)


class Scheduler:
    """Fires due schedules through `fire`."""

    def __init__(
        self,
        cronjobs: EmbeddedCronJobs,
        fire: Callable[[CronJob, datetime], Awaitable[object]],
        *,
        poll_seconds: float,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._cronjobs = cronjobs
        self._fire = fire
        self._poll_seconds = poll_seconds
        self._clock = clock

    def loop(self) -> Loop:
        """Return the loop that fires what is due."""
        return every(self._poll_seconds, self.fire_due, name="schedules")

    async def fire_due(self) -> int:
        """Fire what is due and has not fired; return how many did."""
        jobs = await self._cronjobs.list_all()
        return sum(await for_each(jobs, self._fire_if_due, name=lambda job: f"cronjob {job.name}"))

    async def _fire_if_due(self, job: CronJob) -> bool:
        due = last_due(job, self._clock())
        if due is None or (job.last_due_at is not None and job.last_due_at >= due):
            return False
        return await self._cronjobs.claim(job, due) and await self._fire_claimed(job, due)

    async def _fire_claimed(self, job: CronJob, due: datetime) -> bool:
        """Fire a claimed time; an outage leaves it to the next round, a refusal ends it."""
        try:
            await self._fire(job, due)
        except Unavailable as problem:
            logger.warning("schedule.fire_postponed", cronjob=job.name, error=problem.detail)
            await self._cronjobs.release(job)
            return False
        except Problem as problem:
            logger.error("schedule.fire_failed", cronjob=job.name, error=problem.detail)
            await self._cronjobs.mark_fired(job, due)
            return False
        await self._cronjobs.mark_fired(job, due)
        logger.info("schedule.fired", cronjob=job.name, sprint_id=job.sprint_id)
        return True
