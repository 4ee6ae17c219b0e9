"""What is done once a day at a set hour (UTC), by one replica, and caught up after an outage."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, time

import psycopg
import structlog

from domain_services.kernel.errors import Problem
from domain_services.kernel.types import utc_now
from memory.jobs import DailyJobs

logger = structlog.get_logger()

POLL_SECONDS = 60.0


@dataclass(frozen=True)
class Job:
    """`work` is repeated when it raises; it must be harmless to repeat."""

    name: str
    at: time
    work: Callable[[], Awaitable[object]]


class Daily:
    def __init__(
        self,
        jobs: DailyJobs,
        plan: tuple[Job, ...],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._jobs = jobs
        self._plan = plan
        self._clock = clock

    async def run(self) -> None:
        """Serve for ever."""
        while True:
            await self.do_due()
            await asyncio.sleep(POLL_SECONDS)

    async def do_due(self) -> list[str]:
        """Do what is due today and not done yet; the names of what succeeded."""
        return [job.name for job in self._plan if await self._try(job)]

    async def _try(self, job: Job) -> bool:
        now = self._clock()
        try:
            if now.time() < job.at or not await self._jobs.claim(job.name, now.date()):
                return False
            await job.work()
            await self._jobs.done(job.name, now.date())
        except (psycopg.Error, Problem) as error:
            logger.warning("daily.failed", job=job.name, error=str(error))
            return False
        logger.info("daily.done", job=job.name)
        return True
