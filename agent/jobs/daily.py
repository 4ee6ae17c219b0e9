"""Daily jobs: done once a day at a set time (UTC) by one replica, and caught up after an outage."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, time

import structlog

from domain_services.kernel.background import Loop, every, for_each, giving_back
from domain_services.kernel.errors import Problem
from domain_services.kernel.types import utc_now
from memory.job_results import JobResult, JobResults
from memory.jobs import DailyJob, DailyJobs
from tools.cron_times import previous_due

logger = structlog.get_logger()

# A minute late does no harm to a job of once a day.
POLL_SECONDS = 60.0


@dataclass(frozen=True)
class Job:
    """Work of one day."""

    name: str
    """Key of the job in the table of daily jobs."""
    at: time
    """Time of the day in UTC from which it is due, unless people changed it."""
    work: Callable[[], Awaitable[str]]
    """Work whose result is in words; harmless to repeat, as it is when it raises."""

    @property
    def schedule(self) -> str:
        """The job's own time as a cron expression."""
        return f"{self.at.minute} {self.at.hour} * * *"


class Daily:
    """Does the jobs of `plan`."""

    def __init__(
        self,
        jobs: DailyJobs,
        results: JobResults,
        plan: tuple[Job, ...],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._jobs = jobs
        self._results = results
        self._plan = plan
        self._clock = clock

    def loop(self) -> Loop:
        """Return the loop that does what is due."""
        return every(POLL_SECONDS, self.do_due, name="daily jobs")

    async def do_due(self) -> list[str]:
        """Do what is due today and not done yet; return the names of the finished jobs."""
        changed = await self._jobs.changed()

        async def do(job: Job) -> bool:
            return await self._do(job, changed.get(job.name) or DailyJob(job.name))

        finished = await for_each(self._plan, do, name=lambda job: f"job {job.name}")
        return [job.name for job, is_done in zip(self._plan, finished, strict=True) if is_done]

    async def _do(self, job: Job, changed: DailyJob) -> bool:
        now = self._clock()
        due = previous_due(changed.schedule or job.schedule, "UTC", now)
        # A time of an earlier day is over: the next one does its work too.
        if changed.suspended_at is not None or due is None or due.date() < now.date():
            return False
        if not await self._jobs.claim(job.name, now.date()):
            return False
        try:
            async with giving_back(f"job {job.name}", lambda: self._jobs.give_back(job.name)):
                result = await job.work()
        except Problem as problem:
            # The claim stays: its lease is the pause before the next attempt, of any replica.
            logger.warning("daily.failed", job=job.name, error=problem.detail)
            await self._results.store(JobResult(job.name, now, f"Failed: {problem.detail}"))
            return False
        await self._jobs.done(job.name, now.date())
        await self._results.store(JobResult(job.name, now, result))
        logger.info("daily.done", job=job.name)
        return True
