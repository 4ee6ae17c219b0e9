"""Choice of who fires schedules: this process, or the cluster (`DSM_SCHEDULES`)."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from agent.jobs.claims import Claims
from agent.jobs.cronjob_table import CronJobTable
from agent.jobs.own_jobs import OWN_JOBS
from agent.jobs.schedule import Fire, Scheduler
from agent.settings import AgentSettings
from domain_services.kernel.background import Loop
from memory.job_results import JobResults
from memory.pool import Pool
from tools.cronjobs import OWN_KINDS, CronJobs, JobKind

# Each scheduler does its kinds one after the other: decisions take seconds, and must not delay
# daily scrums; the installation's own work takes minutes.
KINDS: tuple[tuple[JobKind, ...], ...] = (("daily_scrum",), ("orchestrate",), OWN_KINDS)


@dataclass(frozen=True)
class Schedulers:
    """The port of the chosen mode, and the loops that fire in it."""

    cronjobs: CronJobs
    """Port of the tools and routes."""
    table: CronJobTable
    """Wanted state of both modes."""
    claims: Claims
    """Claims of due times, in both modes."""
    loops: Callable[[Fire], Iterator[Loop]]
    """Makes the loops, with the function that does the work of a due job."""


@asynccontextmanager
async def open_schedules(
    settings: AgentSettings, pool: Pool, results: JobResults
) -> AsyncIterator[Schedulers]:
    """Open the schedules of the settings' mode."""
    if settings.schedules == "kubernetes":
        raise NotImplementedError("DSM_SCHEDULES=kubernetes")
    table, claims = CronJobTable(pool), Claims(pool)
    await table.ensure(OWN_JOBS)
    await table.forget_applied()

    def loops(fire: Fire) -> Iterator[Loop]:
        for kinds in KINDS:
            seconds = settings.schedule_poll_seconds
            yield Scheduler(claims, results, fire, kinds=kinds, poll_seconds=seconds).loop()

    yield Schedulers(table, table, claims, loops)
