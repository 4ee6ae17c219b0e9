"""Failures of a decided run: leave it to a later try, or end it after the last."""

from collections.abc import Awaitable, Callable

import structlog

from domain_services.kernel.database.failures import outage
from domain_services.kernel.errors import Problem, Unavailable
from graphs.nodes.act import CallFailed
from memory.autonomy import Paused
from memory.run import Run, RunError, run_url
from memory.run_recovery import MAX_TRIES, RunRecovery

logger = structlog.get_logger()

GiveUp = Callable[[Run, RunError, Exception], Awaitable[object]]
"""Ends a run as failed, with what it has done."""

RECOVERY_SECONDS = 5.0  # between two searches for runs whose lease has ended
MOST_CHARACTERS = 1000  # of a stored reason


class RunFailing(Problem):
    """Unexpected failure of a decided run, which is tried again; `run_id` holds its id."""

    status = 500
    code = "run_failing"
    title = "A decided run failed and is tried again"


async def leave_to_recovery(
    recovery: RunRecovery, run: Run, error: Exception, give_up: GiveUp
) -> Problem:
    """Leave a run to a later try, or end it after the last; return what its caller gets."""
    reason, run_id, url = reason_of(error), str(run.run_id), run_url(run.run_id)
    if _is_outage(error):
        await recovery.postpone(run, reason, RECOVERY_SECONDS)
        if isinstance(error, Paused):
            opening = "decided, and not done before the pause ends: "
            return Paused(error.pause, opening, run_id=run_id, run_url=url)
        detail = f"decided but not yet done: {reason['detail']}; the run is resumed by itself"
        return Unavailable(detail, run_id=run_id, run_url=url)
    tries = await recovery.count_failure(run, reason)
    logger.error(
        "run.try_failed",
        run_id=run_id,
        project_id=run.project_id,
        tries=tries,
        exc_info=error,
    )
    if tries < MAX_TRIES:
        detail = f"decided but not yet done: {reason['detail']}; the run is tried again"
        return RunFailing(detail, run_id=run_id, run_url=url)
    await give_up(run, reason, error)
    detail = f"given up after {tries} tries: {reason['detail']}"
    return RunFailing(detail, run_id=run_id, run_url=url)


def reason_of(error: Exception) -> RunError:
    """Return why a run failed, as it is stored: bounded, and of text that PostgreSQL takes."""
    cause = error.__cause__ if isinstance(error, CallFailed) else error
    detail = error.detail if isinstance(error, Problem) else str(error)
    # PostgreSQL stores neither NUL nor a lone surrogate, and nobody reads a page of it.
    plain = detail.replace("\x00", "").encode(errors="replace").decode()[:MOST_CHARACTERS]
    return RunError(kind=type(cause).__name__, detail=plain or type(cause).__name__)


def _is_outage(error: Exception) -> bool:
    """Tell whether a store or a peer failed, rather than the run."""
    cause = error.__cause__ if isinstance(error, CallFailed) else error
    return isinstance(cause, Unavailable | OSError) or (
        cause is not None and outage(cause) is not None
    )
