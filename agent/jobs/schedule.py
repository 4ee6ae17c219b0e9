"""Scheduler of the embedded mode: fires due schedules of one kind.

The contract is that of Kubernetes' CronJobs. Each scheduled time runs once. After an outage the
newest missed time is caught up within a deadline, older ones are not. Nothing fires before the
job's start or after the sprint's last day.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from agent.jobs.embedded_cronjobs import EmbeddedCronJobs
from agent.jobs.firing import Firing
from domain_services.kernel.background import Loop, every, for_each, giving_back
from domain_services.kernel.errors import Problem, Unavailable
from domain_services.kernel.types import utc_now
from memory.job_results import JobResult, JobResults
from memory.runs import RunInProgress
from tools.cron_times import previous_due
from tools.cronjobs import CronJob, JobKind

logger = structlog.get_logger()

STARTING_DEADLINE = timedelta(seconds=3600)
# Longer than one firing of a kind takes, so that no other replica begins it meanwhile.
CLAIM_SECONDS: dict[JobKind, float] = {"daily_scrum": 30, "orchestrate": 120}
# A slow project keeps one place, and the others go on.
FIRED_AT_ONCE = 4


def last_due(job: CronJob, now: datetime) -> datetime | None:
    """Return the newest scheduled time up to `now` that may still start; None without one."""
    due = previous_due(job.schedule, job.timezone, now, job.ends_on)
    if due is None or now - due > STARTING_DEADLINE:
        return None
    if job.starts_at is not None and due < job.starts_at:
        return None
    return due


class Scheduler:
    """Fires due schedules of one kind through `fire`, and keeps their results.

    Each kind has a scheduler of its own: decisions take seconds, and must not delay daily scrums.
    """

    def __init__(
        self,
        cronjobs: EmbeddedCronJobs,
        results: JobResults,
        fire: Callable[[CronJob, datetime], Awaitable[Firing]],
        *,
        kind: JobKind,
        poll_seconds: float,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._cronjobs = cronjobs
        self._results = results
        self._fire = fire
        self._kind: JobKind = kind
        self._poll_seconds = poll_seconds
        self._clock = clock

    def loop(self) -> Loop:
        """Return the loop that fires what is due."""
        return every(self._poll_seconds, self.fire_due, name=f"schedules: {self._kind}")

    async def fire_due(self) -> int:
        """Fire what is due and has not fired; return how many did."""
        jobs = [
            job
            for job in await self._cronjobs.list_all()
            if job.kind == self._kind and not job.suspended
        ]
        fired = await for_each(
            jobs,
            self._fire_if_due,
            name=lambda job: f"cronjob {job.name}",
            at_once=FIRED_AT_ONCE,
        )
        return sum(fired)

    async def _fire_if_due(self, job: CronJob) -> bool:
        due = last_due(job, self._clock())
        if due is None or (job.last_due_at is not None and job.last_due_at >= due):
            return False
        claimed = await self._cronjobs.claim(job, due, CLAIM_SECONDS[self._kind])
        return claimed and await self._fire_claimed(job, due)

    async def _fire_claimed(self, job: CronJob, due: datetime) -> bool:
        """Fire a claimed time; an outage leaves it to the next round, a refusal ends it."""
        try:
            async with giving_back(f"cronjob {job.name}", lambda: self._cronjobs.release(job)):
                firing = await self._fire(job, due)
        except (Unavailable, RunInProgress) as problem:
            logger.warning("schedule.fire_postponed", cronjob=job.name, error=problem.detail)
            await self._keep(job, Firing(f"Postponed and tried again: {problem.detail}"))
            await self._cronjobs.release(job)
            return False
        except Problem as problem:
            logger.error("schedule.fire_failed", cronjob=job.name, error=problem.detail)
            await self._keep(job, Firing(f"Failed: {problem.detail}"))
            await self._cronjobs.mark_fired(job, due)
            return False
        await self._keep(job, firing)
        if firing.rested:
            await self._cronjobs.pass_over(job, due)
            return False
        await self._cronjobs.mark_fired(job, due)
        logger.info("schedule.fired", cronjob=job.name, sprint_id=job.sprint_id)
        return True

    async def _keep(self, job: CronJob, firing: Firing) -> None:
        await self._results.store(JobResult(job.name, self._clock(), firing.result, firing.run_id))
