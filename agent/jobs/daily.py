"""Daily jobs: done once a day at a set hour (UTC) by one replica, and caught up after an outage."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, time

import structlog

from domain_services.kernel.background import Loop, every, for_each
from domain_services.kernel.errors import Problem
from domain_services.kernel.types import utc_now
from memory.jobs import DailyJobs

logger = structlog.get_logger()

# A minute late does no harm to a job of once a day.
POLL_SECONDS = 60.0


@dataclass(frozen=True)
class Job:
    """Work of one day."""

    name: str
    """Key of the job in the table of daily jobs."""
    at: time
    """Hour of the day in UTC from which it is due."""
    work: Callable[[], Awaitable[object]]
    """Work that is harmless to repeat: it is repeated when it raises."""


class Daily:
    """Does the jobs of `plan`."""

    def __init__(
        self,
        jobs: DailyJobs,
        plan: tuple[Job, ...],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._jobs = jobs
        self._plan = plan
        self._clock = clock

    def loop(self) -> Loop:
        """Return the loop that does what is due."""
        return every(POLL_SECONDS, self.do_due, name="daily jobs")

    async def do_due(self) -> list[str]:
        """Do what is due today and not done yet; return the names of the finished jobs."""
        finished = await for_each(self._plan, self._do, name=lambda job: f"job {job.name}")
        return [job.name for job, is_done in zip(self._plan, finished, strict=True) if is_done]

    async def _do(self, job: Job) -> bool:
        now = self._clock()
        if now.time() < job.at or not await self._jobs.claim(job.name, now.date()):
            return False
        try:
            await job.work()
        except Problem as problem:
            # The claim stays: its lease is the pause before the next attempt, of any replica.
            logger.warning("daily.failed", job=job.name, error=problem.detail)
            return False
        await self._jobs.done(job.name, now.date())
        logger.info("daily.done", job=job.name)
        return True
