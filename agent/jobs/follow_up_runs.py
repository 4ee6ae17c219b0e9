"""Follow-up runs: begin the next sprint once the outcome of the closed one is known."""

from collections.abc import Awaitable, Callable

import structlog

from agent.jobs.firing import Firing
from domain_services.kernel.background import Loop, every, for_each, giving_back
from domain_services.kernel.errors import Problem, Unavailable
from domain_services.kernel.tracing import rooted
from domain_services.kernel.types import utc_now
from memory.follow_ups import FollowUp, FollowUps
from memory.job_results import JobResult, JobResults
from memory.runs import RunInProgress
from tools.cronjobs import CronJobs, orchestration_name

logger = structlog.get_logger()

RUN_AT_ONCE = 4


class FollowUpRuns:
    """Does the waiting follow-ups of all projects."""

    def __init__(
        self,
        follow_ups: FollowUps,
        cronjobs: CronJobs,
        results: JobResults,
        decide: Callable[[str], Awaitable[Firing]],
        *,
        poll_seconds: float,
    ) -> None:
        self._follow_ups = follow_ups
        self._cronjobs = cronjobs
        self._results = results
        self._decide = decide
        self._poll_seconds = poll_seconds

    def loop(self) -> Loop:
        """Return the loop that does what is due."""
        return every(self._poll_seconds, self.do_due, name="follow-up runs")

    async def do_due(self) -> int:
        """Do the follow-ups that are due; return how many were finished."""
        claimed = await self._follow_ups.claim_due()
        async with giving_back("follow-ups", lambda: self._follow_ups.give_back(claimed)):
            done = await for_each(
                claimed,
                self._do_traced,
                name=lambda follow_up: f"follow-up of run {follow_up.run_id}",
                at_once=RUN_AT_ONCE,
            )
        return sum(done)

    async def _do_traced(self, follow_up: FollowUp) -> bool:
        with rooted("follow up run", {"dsm.closing_run.id": str(follow_up.run_id)}):
            return await self._do(follow_up)

    async def _do(self, follow_up: FollowUp) -> bool:
        name = orchestration_name(follow_up.project_id)
        job = await self._cronjobs.find(name)
        if job is None or job.suspended:
            # Paused or deleted meanwhile: nobody wants the project to go on by itself.
            await self._follow_ups.finish(follow_up)
            return False
        try:
            firing = await self._decide(follow_up.project_id)
        except (Unavailable, RunInProgress) as problem:
            logger.warning(
                "follow_up.postponed", project_id=follow_up.project_id, error=problem.detail
            )
            await self._follow_ups.postpone(follow_up)
            return False
        except Problem as problem:
            logger.error("follow_up.failed", project_id=follow_up.project_id, error=problem.detail)
            firing = Firing(f"Failed: {problem.detail}")
        text = f"After sprint {follow_up.sprint_id} was closed: {firing.result}"
        await self._results.store(JobResult(name, utc_now(), text, firing.run_id))
        await self._follow_ups.finish(follow_up)
        logger.info("follow_up.done", project_id=follow_up.project_id, result=firing.result)
        return True
