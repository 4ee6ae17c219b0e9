"""Due times that a cluster skips on the day of a clock change."""

from agent.jobs.claims import Claims
from agent.jobs.schedule import Fire, Scheduler, last_due
from domain_services.kernel.background import Loop, every
from memory.job_results import JobResults
from tools.cron_times import may_be_skipped
from tools.cronjobs import OWN_KINDS, CronJob, JobKind

POLL_SECONDS = 60.0
KINDS: tuple[JobKind, ...] = ("daily_scrum", "orchestrate", *OWN_KINDS)


class SkippedTimes(Scheduler):
    """Fires the due times that the cluster skips, and keeps `next_due_at` of all others right.

    A project gets one report a local day in both modes
    (docs/adr/0106-one-report-a-local-day.md).
    """

    def loop(self) -> Loop:
        """Return the loop that fires what the cluster skips."""
        return every(POLL_SECONDS, self.fire_due, name="schedules: skipped times")

    async def _fire_if_due(self, job: CronJob) -> bool:
        try:
            due = last_due(job, self._clock())
            is_fired_elsewhere = due is not None and not may_be_skipped(
                job.schedule, job.timezone, due
            )
        except Exception:
            is_fired_elsewhere = False  # refused below, with the reason
        if is_fired_elsewhere:
            # The cluster fires it: only the next due time is stored here.
            await self._claims.renew(job)
            return False
        return await super()._fire_if_due(job)


def skipped_times(claims: Claims, results: JobResults, fire: Fire) -> Loop:
    """Make the loop of a cluster that fires what its controller skips."""
    return SkippedTimes(claims, results, fire, kinds=KINDS, poll_seconds=POLL_SECONDS).loop()
