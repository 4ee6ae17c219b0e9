"""Scheduled work of the installation itself: embed past decisions, learn, delete what is old."""

from collections.abc import Awaitable, Callable, Mapping

from agent.learning.learner import Learner
from domain_services.kernel.background import ItemsFailed
from domain_services.kernel.database.retention import Retention
from memory.backfill import Backfill
from tools.cronjobs import CronJob, OwnKind, own_name

INSTALLATION = "the installation"
OwnWork = Mapping[OwnKind, Callable[[], Awaitable[str]]]

# A cluster ends a Job after ten minutes, of which its pod and the last batch may take one each.
MOST_SECONDS = 420.0
GOES_ON = "The rest is done next time."

# Hours (UTC) at which few teams work; learning follows the backfill, which completes its evidence.
_SCHEDULES: dict[OwnKind, str] = {
    "retention": "0 2 * * *",
    "backfill": "0 3 * * *",
    "learn": "0 4 * * *",
}
OWN_JOBS = tuple(
    CronJob(
        name=own_name(kind), kind=kind, schedule=schedule, timezone="UTC", created_by=INSTALLATION
    )
    for kind, schedule in _SCHEDULES.items()
)


def own_work(backfill: Backfill, learner: Learner, retention: Retention) -> OwnWork:
    """Return the work of each kind, with its result in words; all of it may be repeated."""

    async def embed() -> str:
        result = await backfill.backfill_all(MOST_SECONDS)
        text = f"{result.done} episodes were embedded, {result.failed} could not be."
        return f"{text} {GOES_ON}" if result.is_cut_off else text

    async def learn() -> str:
        learned = await learner.learn("schedule")
        return f"{learned.outcomes} outcomes, {learned.new_outcomes} of them new: {learned.reason}"

    async def delete_old() -> str:
        try:
            deleted = await retention.delete_ended(MOST_SECONDS / len(retention.rules))
        except ItemsFailed as failure:
            # The hourly loop tries again, and its log has the cause.
            return f"Not every table could be cleaned: {failure}"
        counts = ", ".join(f"{count} of {table}" for table, count in sorted(deleted.items()))
        text = f"Ended rows were deleted: {counts}." if counts else "No row had ended."
        return f"{text} {GOES_ON}" if retention.is_more_due else text

    return {"backfill": embed, "learn": learn, "retention": delete_old}
