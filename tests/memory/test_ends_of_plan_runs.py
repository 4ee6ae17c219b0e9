"""An undo run ends once, by its newest holder, and tells what it took back of the other run."""

from dataclasses import replace
from typing import Any, LiteralString

import pytest

from memory.plan_runs import AlreadyUndone, PlanRuns, TakenBack, UndoWaits
from memory.proposals import Proposals
from memory.run import LeaseLost, Run
from tests.memory.conftest import Memory, decide
from tests.memory.test_plan_runs import LEASE, finish, plan
from tests.memory.test_proposals import column, review, status, stored

DELIVERIES: LiteralString = "SELECT count(*) FROM deliveries"


async def ask(memory: Memory, original: Run, **changes: Any) -> Run:
    """Let an undo of a run wait."""
    undo = plan(**({"kind": "undo", "undoes": original.run_id, "fingerprint": "f1"} | changes))
    await PlanRuns(memory.pool, LEASE).open(undo)
    row = await memory.runs.get(undo.run_id)
    assert row is not None
    return row


async def approve(memory: Memory, undo: Run) -> Run:
    approved = await Proposals(memory.pool).approve(undo, review(undo))
    assert approved is not None
    return approved


async def end(memory: Memory, undo: Run, taken_back: TakenBack) -> None:
    plans = PlanRuns(memory.pool, LEASE)
    await plans.finish(undo, "done", decide(reasoning="ended"), taken_back=taken_back)


@pytest.mark.parametrize(
    ("taken_back", "expected", "named"),
    [("whole", "undone", True), ("part", "done", True), ("nothing", "done", False)],
)
async def test_run_is_undone_only_as_a_whole_and_names_who_took_anything_back(
    memory: Memory, taken_back: TakenBack, expected: str, named: bool
) -> None:
    original = await finish(memory)
    undo = await approve(memory, await ask(memory, original))
    await end(memory, undo, taken_back)
    row = await stored(memory, original)
    assert (row.status, row.undone_by) == (expected, undo.run_id if named else None)
    assert await status(memory, undo) == "done"


async def test_undo_ends_once_and_only_by_its_newest_holder(memory: Memory) -> None:
    original = await finish(memory)
    undo = await approve(memory, await ask(memory, original))
    with pytest.raises(LeaseLost):
        await end(memory, replace(undo, token=undo.token - 1), "whole")
    assert [await status(memory, run) for run in (undo, original)] == ["decided", "done"]
    await end(memory, undo, "nothing")
    with pytest.raises(LeaseLost):
        await end(memory, undo, "whole")
    assert [await status(memory, run) for run in (undo, original)] == ["done", "done"]


async def test_undo_that_still_waits_cannot_end(memory: Memory) -> None:
    original = await finish(memory)
    waiting = await ask(memory, original)
    with pytest.raises(LeaseLost):
        await end(memory, waiting, "whole")
    assert [await status(memory, run) for run in (waiting, original)] == ["waiting", "done"]


async def test_undone_run_is_not_undone_again(memory: Memory) -> None:
    original = await finish(memory)
    undo = await approve(memory, await ask(memory, original))
    await end(memory, undo, "whole")
    with pytest.raises(AlreadyUndone) as refusal:
        await ask(memory, original, fingerprint="f2")
    assert refusal.value.fields["undo_run_id"] == str(undo.run_id)
    assert await column(memory, "SELECT count(*) FROM runs") == [2]


async def test_undo_of_a_run_that_is_undone_already_takes_nobody_elses_place(
    memory: Memory,
) -> None:
    original, other = await finish(memory), await finish(memory)
    undo = await approve(memory, await ask(memory, original))
    # No release leaves such a row; the end of an undo trusts none of them with it.
    async with memory.pool.connection() as connection:
        await connection.execute(
            "UPDATE runs SET status = 'undone', undone_by = %s WHERE run_id = %s",
            (other.run_id, original.run_id),
        )
    await end(memory, undo, "part")
    assert (await stored(memory, original)).undone_by == other.run_id


async def test_undo_that_acts_stands_in_the_way_of_one_on_other_facts(memory: Memory) -> None:
    original = await finish(memory)
    acting = await approve(memory, await ask(memory, original))
    with pytest.raises(UndoWaits) as refusal:
        await ask(memory, original, fingerprint="f2")
    assert refusal.value.fields["undo_run_id"] == str(acting.run_id)
    assert (await stored(memory, acting)).token == acting.token
    assert await status(memory, acting) == "decided"


async def test_undo_of_one_run_leaves_that_of_another_alone(memory: Memory) -> None:
    first, second = await finish(memory), await finish(memory)
    other = await ask(memory, second)
    stale = await ask(memory, first)
    await ask(memory, first, fingerprint="f2")
    assert [await status(memory, run) for run in (stale, other)] == ["superseded", "waiting"]
    superseded = await stored(memory, stale)
    assert (superseded.response or {})["status"] == "superseded"
