"""Renewal of a lease: it ends with the work, and not much later than a call that never ends."""

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agent.runs import holding as module
from agent.runs.holding import MOST_RENEWALS, holding
from memory.run import Run
from memory.run_recovery import RunRecovery


class Renewals:
    """Recovery that renews; the real one needs half a minute for a lease."""

    def __init__(self) -> None:
        self.count = 0

    async def renew(self, run: Run) -> bool:
        self.count += 1
        return True


class LosesCancellation(Renewals):
    """Recovery whose renewal ends well in the moment in which it is cancelled."""

    async def renew(self, run: Run) -> bool:
        with suppress(asyncio.CancelledError):
            if not await super().renew(run) or self.count == 1:
                await asyncio.Event().wait()
        return True


def run(lease_seconds: float) -> Run:
    return cast(Run, SimpleNamespace(run_id="run", lease_seconds=lease_seconds))


async def test_work_does_not_wait_for_a_renewal_whose_cancellation_got_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recovery = LosesCancellation()
    monkeypatch.setattr(module, "RENEWALS_A_LEASE", 1)
    slow_run = run(0)
    async with asyncio.timeout(30):
        async with holding(cast(RunRecovery, recovery), slow_run):
            while not recovery.count:
                await asyncio.sleep(0)
            # The next renewal would be due in an hour.
            cast(Any, slow_run).lease_seconds = 3600
    assert recovery.count == 1


async def test_lease_of_work_that_never_ends_is_not_renewed_for_ever() -> None:
    recovery = Renewals()
    async with holding(cast(RunRecovery, recovery), run(0)):
        for _ in range(10 * MOST_RENEWALS):
            await asyncio.sleep(0)
    assert recovery.count == MOST_RENEWALS
