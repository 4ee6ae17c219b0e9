"""Firings that a program asks for: the job of a cluster, or a person on the command line."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from agent.jobs.claims import Claims
from agent.jobs.cronjob_table import CronJobTable
from agent.jobs.firing import Firing
from agent.jobs.schedule import CLAIM_SECONDS, Fire, local_day
from agent.schedules.schema import ScheduleFired
from domain_services.kernel.background import giving_back
from domain_services.kernel.database.failures import outage
from domain_services.kernel.database.set_aside import error_text
from domain_services.kernel.errors import Conflict, Invalid, NotFound, Problem, Unavailable
from domain_services.kernel.types import utc_now
from memory.job_results import JobResult, JobResults
from memory.run import RunInProgress
from tools.cron_dialect import parse_schedule
from tools.cronjobs import CronJob

# Clocks of two machines may differ by this much.
CLOCK_TOLERANCE = timedelta(seconds=60)


class FiringInProgress(Conflict):
    code = "firing_in_progress"
    title = "The schedule is firing"


class Firings:
    """Fires single schedules through `fire`, once for each due time."""

    def __init__(
        self,
        table: CronJobTable,
        claims: Claims,
        results: JobResults,
        fire: Fire,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._table = table
        self._claims = claims
        self._results = results
        self._fire = fire
        self._clock = clock

    async def fire(self, name: str, due_at: datetime | None) -> ScheduleFired:
        """Do the work of a schedule that was due at `due_at`; None: now.

        Raises: `NotFound`, `Invalid` for a time to come, `FiringInProgress`, `RunInProgress`, and
        what the work raises. The caller may repeat it: a time is over only when its work was done.
        """
        job = await self._table.find(name)
        if job is None:
            raise NotFound(f"there is no schedule {name}; list them with: dsm schedule list")
        now = self._clock()
        due = (due_at or now).astimezone(UTC)
        if due > now + CLOCK_TOLERANCE:
            raise Invalid(f"{due.isoformat()} is to come; name the time that was due")
        if reason := _explain_rest(job, due):
            return _answer(job, due, Firing(f"Nothing was done: {reason}.", rested=True))
        if not await self._claims.claim(job, due, CLAIM_SECONDS[job.kind]):
            raise FiringInProgress(f"{name} is firing already; its result is stored when it ends")
        return _answer(job, due, await self._fire_claimed(job, due))

    async def _fire_claimed(self, job: CronJob, due: datetime) -> Firing:
        try:
            async with giving_back(f"cronjob {job.name}", lambda: self._claims.release(job)):
                firing = await self._fire(job, due)
        except Problem as problem:
            postponed = isinstance(problem, Unavailable | RunInProgress)
            opening = "Postponed and tried again" if postponed else "Failed"
            await self._keep(job, Firing(f"{opening}: {problem.detail}"))
            await self._claims.release(job)
            raise
        except Exception as error:
            await self._claims.release(job)
            if outage(error) is None:
                await self._keep(job, Firing(f"Failed: {error_text(error)}"))
            raise
        await self._keep(job, firing)
        end = self._claims.pass_over if firing.rested else self._claims.mark_fired
        await end(job, due)
        return firing

    async def _keep(self, job: CronJob, firing: Firing) -> None:
        await self._results.store(JobResult(job.name, self._clock(), firing.result, firing.run_id))


def _answer(job: CronJob, due: datetime, firing: Firing) -> ScheduleFired:
    return ScheduleFired(
        name=job.name,
        due_at=due,
        fired=not firing.rested,
        result=firing.result,
        run_id=firing.run_id,
    )


def _explain_rest(job: CronJob, due: datetime) -> str | None:
    """Say why a due time of a job does not fire; None when it does."""
    if job.suspended:
        return f"{job.name} is paused by {job.suspended_by}"
    if job.starts_at is not None and due < job.starts_at:
        return "it was due before it was created, changed or resumed"
    if job.starts_on is not None and local_day(job, due) < job.starts_on:
        return f"{job.sprint_id} begins on {job.starts_on}"
    if job.ends_on is not None and local_day(job, due) > job.ends_on:
        return f"the last day of {job.sprint_id} was {job.ends_on}"
    if job.last_due_at is not None and _is_same_time(job, job.last_due_at, due):
        return f"the work of {due.isoformat()} was done already"
    return None


def _is_same_time(job: CronJob, fired: datetime, due: datetime) -> bool:
    """Tell whether a firing was of `due` or later, or of the same local time.

    Kubernetes fires a fixed hour twice on the day whose clock is set back.
    """
    if fired >= due:
        return True
    try:
        if parse_schedule(job.schedule).texts[1].startswith("*"):
            return False
    except Invalid:
        return False  # a stored schedule of another dialect
    zone = ZoneInfo(job.timezone)
    earlier, later = (moment.astimezone(zone).replace(tzinfo=None) for moment in (fired, due))
    return earlier >= later
