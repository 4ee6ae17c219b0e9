"""Choice of who fires schedules: this process, or the cluster (`DSM_SCHEDULES`)."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from agent.jobs.claims import Claims
from agent.jobs.cronjob_table import CronJobTable
from agent.jobs.own_jobs import OWN_JOBS
from agent.jobs.schedule import Fire, Scheduler
from agent.jobs.skipped import skipped_times
from agent.settings import AgentSettings
from domain_services.kernel.background import Loop
from domain_services.kernel.database.patience import patiently
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
    note_ended: Callable[[], None] = lambda: None
    """Notes that rows were deleted without the port, by the event of a sprint that has ended."""


@asynccontextmanager
async def open_schedules(
    settings: AgentSettings, pool: Pool, results: JobResults
) -> AsyncIterator[Schedulers]:
    """Open the schedules of the settings' mode."""
    if settings.schedules == "kubernetes":
        async with _open_in_cluster(settings, pool, results) as schedulers:
            yield schedulers
        return
    table, claims = CronJobTable(pool), Claims(pool, tries=settings.item_tries)
    await patiently(lambda: table.ensure(OWN_JOBS))
    await patiently(table.forget_applied)

    def loops(fire: Fire) -> Iterator[Loop]:
        for kinds in KINDS:
            seconds = settings.schedule_poll_seconds
            yield Scheduler(claims, results, fire, kinds=kinds, poll_seconds=seconds).loop()

    yield Schedulers(table, table, claims, loops)


@asynccontextmanager
async def _open_in_cluster(
    settings: AgentSettings, pool: Pool, results: JobResults
) -> AsyncIterator[Schedulers]:
    try:
        # The client takes 0.8 s to import, and comes with an extra.
        from agent.jobs.cluster.opening import open_cluster
    except ModuleNotFoundError as error:
        raise ValueError(
            "DSM_SCHEDULES=kubernetes needs the Kubernetes client; install it with:"
            " pip install 'digital-scrum-master[k8s]'"
        ) from error
    table = CronJobTable(pool, unapplied="pending")
    claims = Claims(pool, tries=settings.item_tries)
    await patiently(lambda: table.ensure(OWN_JOBS))
    async with open_cluster(settings, table, pool) as cluster:

        def loops(fire: Fire) -> Iterator[Loop]:
            yield cluster.reconciler.loop()
            yield skipped_times(claims, results, fire)

        yield Schedulers(cluster.cronjobs, table, claims, loops, cluster.reconciler.note_change)
