"""Each end of a proposal wakes the journal and keeps no draft; answers at once have one order."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import pytest

from memory import proposals as proposals_module
from memory.pool import Connection
from memory.proposals import Proposals
from memory.run import Run, RunInProgress
from tests.memory.conftest import Memory, decide
from tests.memory.test_proposals import BLOCKED, LEASE, column, proposal, review, status, wait

DRAFTS: LiteralString = "SELECT count(*) FROM runs WHERE drafts IS NOT NULL"
OVER = timedelta(seconds=-1)


@pytest.mark.parametrize("end", ["approved", "rejected", "expired"])
async def test_ended_proposal_keeps_no_draft(memory: Memory, end: str) -> None:
    late = datetime.now(UTC) + OVER
    waiting = await (wait(memory, expires_at=late) if end == "expired" else wait(memory))
    assert await column(memory, DRAFTS) == [1]
    proposals = Proposals(memory.pool)
    if end == "approved":
        assert await proposals.approve(waiting, review(waiting))
    elif end == "rejected":
        assert await proposals.reject(waiting, review(waiting))
    else:
        assert await proposals.expire(waiting)
    assert await column(memory, DRAFTS) == [0]


async def test_each_end_that_leaves_an_episode_wakes_the_journal(memory: Memory) -> None:
    episodes: list[str] = []
    proposals = Proposals(memory.pool, on_episode=lambda: episodes.append("woken"))
    waiting = await wait(memory)
    newer = await memory.runs.start("ALPHA", {"dry_run": False}, LEASE)
    await proposals.propose(newer, proposal(newer))
    assert (await status(memory, waiting), len(episodes)) == ("superseded", 1)
    assert await proposals.reject(newer, review(newer))
    assert len(episodes) == 2
    late = await wait(memory, "BETA", expires_at=datetime.now(UTC) + OVER)
    assert await proposals.expire(late)
    assert len(episodes) == 3
    # Neither of them ends twice.
    assert not await proposals.reject(newer, review(newer))
    assert not await proposals.expire(late)
    assert len(episodes) == 3


async def test_proposals_that_are_over_are_found_a_few_at_once_and_the_oldest_first(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposals_module, "AT_ONCE", 2)
    ends = {"ALPHA": 1, "BETA": 3, "GAMMA": 2}
    now = datetime.now(UTC)
    for project_id, hours in ends.items():
        await wait(memory, project_id, expires_at=now - timedelta(hours=hours))
    due = await Proposals(memory.pool).due()
    assert [run.project_id for run in due] == ["BETA", "GAMMA"]


async def test_second_approval_of_a_run_finds_it_answered_and_not_in_its_own_way(
    memory: Memory,
) -> None:
    waiting, proposals = await wait(memory), Proposals(memory.pool)
    assert await proposals.approve(waiting, review(waiting))
    assert await proposals.approve(waiting, review(waiting, by="otto")) is None


async def test_approval_names_the_decided_run_that_is_in_its_way(memory: Memory) -> None:
    waiting = await wait(memory)
    # A dry run supersedes nothing, so the older plan waits on.
    acting = await memory.runs.start("ALPHA", {"dry_run": True}, LEASE)
    await memory.runs.decided(acting.run_id, acting.token, decide())
    with pytest.raises(RunInProgress) as refusal:
        await Proposals(memory.pool).approve(waiting, review(waiting))
    assert refusal.value.fields["run_id"] == str(acting.run_id)


async def test_approval_waits_for_a_proposal_that_is_being_stored(memory: Memory) -> None:
    waiting = await wait(memory)
    newer = await memory.runs.start("ALPHA", {"dry_run": False}, LEASE)
    async with memory.pool.connection() as connection, connection.transaction():
        # As a proposal does it, in one transaction that has not ended yet.
        await _end(connection, waiting, "superseded")
        await _end(connection, newer, "waiting")
        approving = asyncio.create_task(Proposals(memory.pool).approve(waiting, review(waiting)))
        await _blocked(memory, approving)
    assert await approving is None


async def test_run_that_begins_in_the_middle_of_an_approval_is_in_its_way(memory: Memory) -> None:
    waiting = await wait(memory)
    async with memory.pool.connection() as connection, connection.transaction():
        await connection.execute("SELECT FROM runs WHERE run_id = %s FOR UPDATE", (waiting.run_id,))
        approving = asyncio.create_task(Proposals(memory.pool).approve(waiting, review(waiting)))
        await _blocked(memory, approving)
        await memory.runs.start("ALPHA", {"dry_run": False}, LEASE)
    with pytest.raises(RunInProgress):
        await approving
    assert await status(memory, waiting) == "waiting"


async def _end(connection: Connection, run: Run, value: str) -> None:
    await connection.execute(
        "UPDATE runs SET status = %s, ended_at = CASE WHEN %s = 'waiting' THEN NULL ELSE now() END"
        " WHERE run_id = %s",
        (value, value, run.run_id),
    )


async def _blocked(memory: Memory, task: Awaitable[object]) -> None:
    """Wait until a task waits for a lock; return also when it has ended without one."""
    future = asyncio.ensure_future(task)
    async with asyncio.timeout(20):
        while await column(memory, BLOCKED) == [0] and not future.done():
            await asyncio.sleep(0.01)
