"""Follow-up runs: begin the next sprint once the outcome of the closed one is known."""

from collections.abc import Awaitable, Callable

import structlog

from agent.jobs.firing import Firing
from domain_services.kernel.background import Loop, every, for_each, giving_back
from domain_services.kernel.database.failures import outage
from domain_services.kernel.database.set_aside import TRIES, error_text
from domain_services.kernel.errors import Problem, Unavailable
from domain_services.kernel.tracing import rooted
from domain_services.kernel.types import utc_now
from memory.follow_ups import FollowUp, FollowUps
from memory.job_results import JobResult, JobResults
from memory.run import RunInProgress
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
        tries: int = TRIES,
    ) -> None:
        """A follow-up that fails by an unforeseen error is set aside after `tries` tries."""
        self._tries = tries
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
            try:
                return await self._do(follow_up)
            except Exception as error:
                if outage(error) is not None:
                    raise  # the claim ends by itself
                await self._record_failure(follow_up, error)
                return False

    async def _record_failure(self, follow_up: FollowUp, error: Exception) -> None:
        reason = error_text(error)
        is_last = await self._follow_ups.record_failure(follow_up, reason, self._tries)
        logger.error(
            "follow_up.failed",
            project_id=follow_up.project_id,
            run_id=str(follow_up.run_id),
            tries=follow_up.tries + 1,
            set_aside=is_last,
            exc_info=error,
        )
        opening = "Set aside" if is_last else "Failed and tried again"
        text = f"{opening} after sprint {follow_up.sprint_id} was closed: {reason}"
        name = orchestration_name(follow_up.project_id)
        await self._results.store(JobResult(name, utc_now(), text, None))

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
