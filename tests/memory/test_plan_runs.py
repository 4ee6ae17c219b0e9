"""Plans without a decision begin as waiting runs: a bounded number, and one undo of a run."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from domain_services.kernel.errors import NotFound
from memory.plan_runs import MOST_REQUESTS, PlanRuns, TooManyRequests, UndoWaits, WaitingPlan
from memory.run import Run
from tests.memory.conftest import Memory, decide, perceive, remember
from tests.memory.test_proposals import audit, column

LEASE = 60.0


def plan(**changes: Any) -> WaitingPlan:
    return WaitingPlan(
        **{
            "run_id": uuid7(),
            "project_id": "ALPHA",
            "kind": "request",
            "request": {},
            "decision": decide(),
            "response": decide(),
            "fingerprint": "f1",
            "rests_on": {},
            "expires_at": datetime.now(UTC) + timedelta(days=1),
            "deed": audit(uuid7()),
        }
        | changes
    )


async def finish(memory: Memory) -> Run:
    """Return a run that is done."""
    run = await memory.runs.start("ALPHA", {}, LEASE)
    episode = remember(perceive(), episode_id=run.run_id)
    await memory.runs.finish(run.run_id, run.token, decide(), episode)
    return run


async def open_at_once(memory: Memory, *plans: WaitingPlan) -> list[Any]:
    runs = PlanRuns(memory.pool, LEASE)
    return await asyncio.gather(*(runs.open(item) for item in plans), return_exceptions=True)


async def test_requests_at_once_are_no_more_than_may_wait(memory: Memory) -> None:
    for _ in range(MOST_REQUESTS - 1):
        await PlanRuns(memory.pool, LEASE).open(plan())
    answers = await open_at_once(memory, *(plan() for _ in range(8)))
    assert (
        sorted(type(answer).__name__ for answer in answers)
        == ["NoneType"] + [TooManyRequests.__name__] * 7
    )
    assert await column(memory, "SELECT count(*) FROM runs") == [MOST_REQUESTS]
    assert await column(memory, "SELECT count(*) FROM deliveries") == [MOST_REQUESTS]


async def test_one_of_simultaneous_undos_waits_and_the_others_name_it(memory: Memory) -> None:
    done = await finish(memory)
    plans = [plan(kind="undo", undoes=done.run_id) for _ in range(6)]
    answers = await open_at_once(memory, *plans)
    [winner] = [item for item, answer in zip(plans, answers, strict=True) if answer is None]
    refusals = [answer for answer in answers if answer is not None]
    assert {type(refusal) for refusal in refusals} == {UndoWaits}
    assert {refusal.fields["undo_run_id"] for refusal in refusals} == {str(winner.run_id)}
    assert await column(memory, "SELECT count(*) FROM deliveries") == [1]


async def test_undo_of_a_run_that_was_deleted_meanwhile_is_refused(memory: Memory) -> None:
    with pytest.raises(NotFound):
        await PlanRuns(memory.pool, LEASE).open(plan(kind="undo", undoes=UUID(int=1)))
    assert await column(memory, "SELECT count(*) FROM deliveries") == [0]
