"""Scheduler of the embedded mode: fires due schedules.

The contract is that of Kubernetes' CronJobs. Each scheduled time runs once. After an outage the
newest missed time is caught up within a deadline, older ones are not. Nothing fires before the
job's start or after the sprint's last day.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from agent.jobs.claims import Claims
from agent.jobs.firing import Firing
from domain_services.kernel.background import (
    ItemsFailed,
    Loop,
    every,
    for_each,
    giving_back,
)
from domain_services.kernel.database.failures import outage
from domain_services.kernel.database.set_aside import error_text
from domain_services.kernel.errors import Problem, Unavailable
from domain_services.kernel.tracing import rooted
from domain_services.kernel.types import utc_now
from memory.job_results import JobResult, JobResults
from memory.run import RunInProgress
from tools.cron_times import previous_due
from tools.cronjobs import OWN_KINDS, CronJob, JobKind

logger = structlog.get_logger()

STARTING_DEADLINE = timedelta(seconds=3600)
# A machine that sleeps at night does the installation's own work in the morning.
OWN_DEADLINE = timedelta(hours=20)
# Longer than one firing of a kind takes, so that no other replica begins it meanwhile.
CLAIM_SECONDS: dict[JobKind, float] = {
    "daily_scrum": 30,
    "orchestrate": 120,
    "backfill": 900,
    "learn": 900,
    "retention": 900,
}
# A slow project keeps one place, and the others go on.
FIRED_AT_ONCE = 4

Fire = Callable[[CronJob, datetime], Awaitable[Firing]]


def last_due(job: CronJob, now: datetime) -> datetime | None:
    """Return the newest scheduled time up to `now` that may still start; None without one."""
    due = previous_due(job.schedule, job.timezone, now, job.ends_on)
    deadline = OWN_DEADLINE if job.kind in OWN_KINDS else STARTING_DEADLINE
    if due is None or now - due > deadline:
        return None
    if job.starts_at is not None and due < job.starts_at:
        return None
    if job.starts_on is not None and local_day(job, due) < job.starts_on:
        return None
    return None if job.last_due_at is not None and job.last_due_at >= due else due


def local_day(job: CronJob, moment: datetime) -> date:
    """Return the day of a moment where the job is."""
    return moment.astimezone(ZoneInfo(job.timezone)).date()


class Scheduler:
    """Fires due schedules of some kinds through `fire`, and keeps their results.

    Slow kinds have a scheduler of their own: decisions must not delay daily scrums.
    """

    def __init__(
        self,
        claims: Claims,
        results: JobResults,
        fire: Fire,
        *,
        kinds: Sequence[JobKind],
        poll_seconds: float,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._claims = claims
        self._results = results
        self._fire = fire
        self._kinds = kinds
        self._poll_seconds = poll_seconds
        self._clock = clock

    def loop(self) -> Loop:
        """Return the loop that fires what is due."""
        name = f"schedules: {', '.join(self._kinds)}"
        return every(self._poll_seconds, self.fire_due, name=name)

    async def fire_due(self) -> int:
        """Fire what is due and has not fired; return how many did. Raises: `ItemsFailed`."""
        fired, failures = 0, list[tuple[str, BaseException]]()
        page = await self._claims.due(self._kinds)
        while page.last is not None:
            try:
                done = await for_each(
                    page.jobs,
                    self._fire_if_due,
                    name=lambda job: f"cronjob {job.name}",
                    at_once=FIRED_AT_ONCE,
                )
                fired += sum(done)
            except ItemsFailed as error:
                # Raised after the last page: one broken schedule must not stop the others.
                failures += error.failures
            page = await self._claims.due(self._kinds, page.last)
        if failures:
            raise ItemsFailed(failures)
        return fired

    async def _fire_if_due(self, job: CronJob) -> bool:
        try:
            due = last_due(job, self._clock())
            if due is None:
                await self._claims.renew(job)
                return False
        except Exception as error:
            if outage(error) is not None:
                raise
            # A schedule or zone that no release of ours wrote.
            await self._claims.refuse(job.name, error)
            return False
        claimed = await self._claims.claim(job, due, CLAIM_SECONDS[job.kind])
        if not claimed:
            return False
        with rooted(f"fire {job.kind}", {"dsm.cronjob.name": job.name}):
            return await self._fire_claimed(job, due)

    async def _fire_claimed(self, job: CronJob, due: datetime) -> bool:
        """Fire a claimed time; an outage leaves it to the next round, a refusal ends it."""
        try:
            async with giving_back(f"cronjob {job.name}", lambda: self._claims.release(job)):
                firing = await self._fire(job, due)
        except (Unavailable, RunInProgress) as problem:
            logger.warning("schedule.fire_postponed", cronjob=job.name, error=problem.detail)
            await self._keep(job, Firing(f"Postponed and tried again: {problem.detail}"))
            await self._claims.release(job)
            return False
        except Problem as problem:
            logger.error("schedule.fire_failed", cronjob=job.name, error=problem.detail)
            await self._keep(job, Firing(f"Failed: {problem.detail}"))
            await self._claims.mark_fired(job, due)
            return False
        except Exception as error:
            if outage(error) is not None:
                await self._claims.release(job)
                raise
            await self._record_failure(job, due, error)
            return False
        await self._keep(job, firing)
        if firing.rested:
            await self._claims.pass_over(job, due)
            return False
        await self._claims.mark_fired(job, due)
        logger.info("schedule.fired", cronjob=job.name, sprint_id=job.sprint_id)
        return True

    async def _record_failure(self, job: CronJob, due: datetime, error: Exception) -> None:
        """Keep an unforeseen error as the result; the last try gives the due time up."""
        is_again = await self._claims.postpone(job)
        opening = "Failed and tried again" if is_again else "Given up"
        await self._keep(job, Firing(f"{opening}: {error_text(error)}"))
        if not is_again:
            await self._claims.mark_fired(job, due)
        logger.error(
            "schedule.fire_failed", cronjob=job.name, set_aside=not is_again, exc_info=error
        )

    async def _keep(self, job: CronJob, firing: Firing) -> None:
        await self._results.store(JobResult(job.name, self._clock(), firing.result, firing.run_id))
