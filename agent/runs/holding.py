"""Renewal of a run's lease while its process works on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from domain_services.kernel.background import is_cancelled
from memory.run import Run
from memory.run_recovery import RunRecovery

logger = structlog.get_logger()

RENEWALS_A_LEASE = 3
# A call that never ends must not hold its project: with leases of 30 s, for at most 200 s.
MOST_RENEWALS = 20


@asynccontextmanager
async def holding(recovery: RunRecovery, run: Run) -> AsyncIterator[None]:
    """Renew the lease of a run during the block, so that no other process resumes it."""
    renewing = asyncio.create_task(_renew(recovery, run), name=f"lease of run {run.run_id}")
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.wait([renewing])


async def _renew(recovery: RunRecovery, run: Run) -> None:
    for _ in range(MOST_RENEWALS):
        await asyncio.sleep(run.lease_seconds / RENEWALS_A_LEASE)
        try:
            if not await recovery.renew(run):
                return
            # A cancellation that got lost in the renewal: the holder waits for this task.
            if is_cancelled():
                return
        except Exception as error:
            # The lease may end. Whoever resumes the run makes the same calls with the same keys.
            logger.warning(
                "run.lease_not_renewed",
                run_id=str(run.run_id),
                error=f"{type(error).__name__}: {error}",
            )
