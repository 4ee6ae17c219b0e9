"""CronJobs of the embedded mode: schedules in a table, and the loop that fires what is due.

The contract is that of the cluster's CronJobs: one run per scheduled time, the newest missed one
is caught up within the deadline, older ones are not, and nothing fires after the sprint's last day.
A process that dies while it fires leaves the time to another; the scrum of a day is held once.
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
# A claim of a process that died while it fired is past after this.
CLAIM_SECONDS = 30

_COLUMNS: LiteralString = "name, project_id, sprint_id, schedule, timezone, ends_on, last_due_at"


class EmbeddedCronJobs:
    """The `CronJobs` port on the table `schedules` of the agent's database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create(self, job: CronJob) -> CronJob:
        """Store `job`, or adopt the one of its name. Raises: `Invalid` for a bad schedule."""
        check_schedule(job.schedule)
        async with self._pool.connection() as connection:
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
        """The project's jobs by name."""
        return await self._select("WHERE project_id = %s", [project_id])

    async def list_all(self) -> list[CronJob]:
        return await self._select("", [])

    async def claim(self, job: CronJob, due: datetime) -> bool:
        """Hold `due` for `CLAIM_SECONDS`; False when it has fired, or another replica holds it."""
        async with self._pool.connection() as connection:
            done = await connection.execute(
                "UPDATE schedules SET claimed_until = now() + make_interval(secs => %s)"
                " WHERE name = %s AND (last_due_at IS NULL OR last_due_at < %s)"
                " AND (claimed_until IS NULL OR claimed_until < now())",
                [CLAIM_SECONDS, job.name, due],
            )
        return done.rowcount == 1

    async def fired(self, job: CronJob, due: datetime) -> None:
        """`due` is over and does not fire again."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE schedules SET last_due_at = %s, claimed_until = NULL WHERE name = %s",
                [due, job.name],
            )

    async def give_back(self, job: CronJob) -> None:
        """Let a claimed time be fired by whoever looks next."""
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
    """Raises: `Invalid` when `schedule` is not a five-field cron expression."""
    try:
        CronSim(schedule, utc_now())
    except CronSimError as error:
        raise Invalid(f"schedule {schedule!r} is not a cron expression: {error}") from error


def last_due(job: CronJob, now: datetime) -> datetime | None:
    """The newest scheduled time up to `now` that may still start; None when there is none."""
    zone = ZoneInfo(job.timezone)
    local = now.astimezone(zone)
    if local.date() > job.ends_on + timedelta(days=1):
        return None
    ended = datetime.combine(job.ends_on, time.max, tzinfo=zone)
    due = next(CronSim(job.schedule, min(local, ended) + timedelta(seconds=1), reverse=True), None)
    if due is None or now - due > STARTING_DEADLINE or due.date() > job.ends_on:
        return None
    return due.astimezone(UTC)


class Scheduler:
    """Fires the daily scrums of the embedded mode."""

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
        return await self._cronjobs.claim(job, due) and await self._try(job, due)

    async def _try(self, job: CronJob, due: datetime) -> bool:
        """Fire; an outage leaves the time to the next look, a refusal ends it."""
        try:
            await self._fire(job, due)
        except Unavailable as problem:
            logger.warning("schedule.fire_postponed", cronjob=job.name, error=problem.detail)
            await self._cronjobs.give_back(job)
            return False
        except Problem as problem:
            logger.error("schedule.fire_failed", cronjob=job.name, error=problem.detail)
            await self._cronjobs.fired(job, due)
            return False
        await self._cronjobs.fired(job, due)
        logger.info("schedule.fired", cronjob=job.name, sprint_id=job.sprint_id)
        return True
