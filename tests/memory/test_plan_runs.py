"""Plans without a decision begin as waiting runs: a bounded number, and one undo of a run."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from domain_services.kernel.errors import NotFound
from memory.decision import Decision, PlannedCall
from memory.plan_runs import PlanRuns, UndoWaits, WaitingPlan
from memory.run import Run
from memory.waiting_requests import MOST_REQUESTS, CallKey, TooManyRequests
from tests.memory.conftest import Memory, decide, perceive, remember
from tests.memory.test_proposals import audit, column

LEASE = 60.0


def plan(**changes: Any) -> WaitingPlan:
    """Return a request that is like no other one."""
    run_id = uuid7()
    return WaitingPlan(
        **{
            "run_id": run_id,
            "project_id": "ALPHA",
            "kind": "request",
            "request": {},
            "decision": asking(str(run_id)),
            "response": decide(),
            "fingerprint": str(run_id),
            "rests_on": {},
            "expires_at": datetime.now(UTC) + timedelta(days=1),
            "deed": audit(uuid7()),
        }
        | changes
    )


def asking(sprint_id: str) -> Decision:
    call = PlannedCall(name="close_sprint", arguments={"sprint_id": sprint_id}, description="Close")
    return decide().model_copy(update={"plan": (call,)})


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
    plans = [plan(kind="undo", undoes=done.run_id, fingerprint="f") for _ in range(6)]
    answers = await open_at_once(memory, *plans)
    [winner] = [item for item, answer in zip(plans, answers, strict=True) if answer is None]
    refusals = [answer for answer in answers if answer is not None]
    assert {type(refusal) for refusal in refusals} == {UndoWaits}
    assert {refusal.fields["undo_run_id"] for refusal in refusals} == {str(winner.run_id)}
    assert await column(memory, "SELECT count(*) FROM deliveries") == [1]


@pytest.mark.parametrize(
    "changes", [{"fingerprint": "other facts"}, {"expires_at": datetime.now(UTC)}]
)
async def test_undo_that_nobody_can_approve_any_more_makes_room(
    memory: Memory, changes: dict[str, Any]
) -> None:
    done = await finish(memory)
    same: dict[str, Any] = {"kind": "undo", "undoes": done.run_id, "fingerprint": "f"}
    stale, newer = plan(**same | changes), plan(**same)
    assert await open_at_once(memory, stale) == [None]
    assert await open_at_once(memory, newer) == [None]
    query = "SELECT status || ' ' || coalesce(superseded_by::text, '') FROM runs ORDER BY run_id"
    assert (await column(memory, query))[1:] == [f"superseded {newer.run_id}", "waiting "]


async def test_undo_of_a_run_that_was_deleted_meanwhile_is_refused(memory: Memory) -> None:
    with pytest.raises(NotFound):
        await PlanRuns(memory.pool, LEASE).open(plan(kind="undo", undoes=UUID(int=1)))
    assert await column(memory, "SELECT count(*) FROM deliveries") == [0]


async def test_the_same_request_at_once_waits_once(memory: Memory) -> None:
    plans = [plan(decision=asking("ALPHA-S01"), fingerprint="f1") for _ in range(6)]
    answers = await open_at_once(memory, *plans)
    [winner] = [item for item, answer in zip(plans, answers, strict=True) if answer is None]
    assert {answer.run_id for answer in answers if answer is not None} == {winner.run_id}
    assert await column(memory, "SELECT run_id FROM runs") == [winner.run_id]
    assert await column(memory, "SELECT count(*) FROM deliveries") == [1]


async def test_the_same_call_on_other_facts_takes_the_place_of_the_older_request(
    memory: Memory,
) -> None:
    runs = PlanRuns(memory.pool, LEASE)
    older = plan(decision=asking("ALPHA-S01"), fingerprint="f1")
    newer = plan(decision=asking("ALPHA-S01"), fingerprint="f2")
    other = plan(decision=asking("ALPHA-S02"), fingerprint="f3")
    for request in (older, other, newer):
        assert await runs.open(request) is None
    query = "SELECT status FROM runs ORDER BY run_id = '{}' DESC, run_id = '{}' DESC"
    statuses = await column(memory, query.format(older.run_id, other.run_id))
    assert statuses == ["superseded", "waiting", "waiting"]
    assert await column(memory, "SELECT superseded_by FROM runs WHERE status = 'superseded'") == [
        newer.run_id
    ]


async def test_a_key_opens_one_run_also_after_its_answer(memory: Memory) -> None:
    runs = PlanRuns(memory.pool, LEASE)
    first = plan(fingerprint="f1", key=CallKey("lena", "k1"))
    assert await runs.open(first) is None
    await column(memory, "UPDATE runs SET status = 'rejected', ended_at = now() RETURNING run_id")
    again = await runs.open(plan(fingerprint="f2", key=CallKey("lena", "k1")))
    assert again is not None
    assert (again.run_id, again.status) == (first.run_id, "rejected")
    assert await runs.open(plan(key=CallKey("otto", "k1"))) is None
    assert await runs.open(plan(key=CallKey("lena", "k2"))) is None


async def test_a_key_is_free_again_after_a_day_and_after_a_failure(memory: Memory) -> None:
    runs = PlanRuns(memory.pool, LEASE)
    key = CallKey("lena", "k1")
    await runs.open(plan(key=key))
    await column(
        memory,
        "UPDATE runs SET status = 'done', started_at = now() - interval '25 hours' RETURNING 1",
    )
    second = plan(key=key)
    assert await runs.open(second) is None
    await column(
        memory,
        f"UPDATE runs SET status = 'failed' WHERE run_id = '{second.run_id}' RETURNING 1",
    )
    assert await runs.of_key(key) is None
    assert await runs.open(plan(key=key)) is None
