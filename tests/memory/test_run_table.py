"""A run holds its project by a lease, and only its newest holder can write."""

import asyncio
from functools import partial
from uuid import uuid4

import pytest

from domain_services.kernel.errors import Conflict, Invalid
from memory.episode import Episode
from memory.run import LeaseLost, Run, RunError, RunInProgress
from tests.memory.conftest import Memory, decide, perceive, remember

LEASE = 60.0
ERROR = RunError(kind="Unavailable", detail="the backlog does not answer")
PAST = 1e-6  # a lease that has ended when the next statement begins


async def journal_rows(memory: Memory) -> int:
    async with memory.pool.connection() as connection:
        cursor = await connection.execute("SELECT count(*) FROM episode_journal")
        row = await cursor.fetchone()
    return row[0] if row else -1


def episode_of(run: Run, **changes: object) -> Episode:
    return remember(perceive(), episode_id=run.run_id, outcome=None, **changes)


async def test_finished_run_holds_decision_and_answer_and_adds_its_episode(memory: Memory) -> None:
    run = await memory.runs.start("ALPHA", {"dry_run": False}, LEASE)
    assert (run.status, run.request) == ("running", {"dry_run": False})
    await memory.runs.decided(run.run_id, run.token, decide(tasks=6))
    await memory.runs.finish(run.run_id, run.token, decide(reasoning="é"), episode_of(run))
    done = await memory.runs.get(run.run_id)
    assert done is not None
    assert (done.status, (done.decision or {})["tasks"]) == ("done", 6)
    assert (done.response or {})["reasoning"] == "é"
    assert done.started_at <= (done.decided_at or done.started_at) <= (done.ended_at or 0)
    assert await memory.journal.drain() == 1
    assert (await memory.store.count()).episodes == 1
    assert await journal_rows(memory) == 0


async def test_one_of_simultaneous_starts_succeeds(memory: Memory) -> None:
    starts = [memory.runs.start("ALPHA", {}, LEASE) for _ in range(20)]
    results = await asyncio.gather(*starts, return_exceptions=True)
    winners = [result for result in results if isinstance(result, Run)]
    losers = [result for result in results if isinstance(result, RunInProgress)]
    assert (len(winners), len(losers)) == (1, 19)
    assert {error.fields["run_id"] for error in losers} == {str(winners[0].run_id)}
    assert losers[0].code == "run_in_progress"
    assert isinstance(losers[0], Conflict)


async def test_two_projects_run_at_the_same_time(memory: Memory) -> None:
    await memory.runs.start("ALPHA", {}, LEASE)
    assert (await memory.runs.start("BETA", {}, LEASE)).status == "running"


async def test_project_can_run_again_after_a_failed_run(memory: Memory) -> None:
    first = await memory.runs.start("ALPHA", {}, LEASE)
    await memory.runs.fail(first.run_id, first.token, ERROR)
    second = await memory.runs.start("ALPHA", {}, LEASE)
    assert await memory.runs.last("ALPHA") == second
    failed = await memory.runs.get(first.run_id)
    assert failed is not None
    assert (failed.status, failed.error) == ("failed", ERROR)
    assert await journal_rows(memory) == 0


async def test_undecided_run_is_abandoned_when_its_lease_has_ended(memory: Memory) -> None:
    dead = await memory.runs.start("ALPHA", {}, PAST)
    assert (await memory.runs.start("ALPHA", {}, LEASE)).run_id != dead.run_id
    run = await memory.runs.get(dead.run_id)
    assert run is not None
    assert run.status == "abandoned"
    with pytest.raises(LeaseLost):
        await memory.runs.decided(dead.run_id, dead.token, decide())


async def test_decided_run_is_recovered_when_its_lease_has_ended(memory: Memory) -> None:
    dead = await memory.runs.start("ALPHA", {}, PAST)
    await memory.runs.decided(dead.run_id, dead.token, decide(tasks=6))
    with pytest.raises(RunInProgress):
        await memory.runs.start("ALPHA", {}, LEASE)
    (claimed,) = await memory.recovery.due()
    assert (claimed.run_id, (claimed.decision or {})["tasks"]) == (dead.run_id, 6)
    assert claimed.token > dead.token


async def test_run_within_its_lease_is_not_recovered(memory: Memory) -> None:
    run = await memory.runs.start("ALPHA", {}, LEASE)
    await memory.runs.decided(run.run_id, run.token, decide())
    assert await memory.recovery.due() == []


async def test_recovery_abandons_undecided_runs(memory: Memory) -> None:
    dead = await memory.runs.start("ALPHA", {}, PAST)
    assert await memory.recovery.due() == []
    run = await memory.runs.get(dead.run_id)
    assert run is not None
    assert run.status == "abandoned"


async def test_write_with_an_old_token_is_refused(memory: Memory) -> None:
    old = await memory.runs.start("ALPHA", {}, PAST)
    await memory.runs.decided(old.run_id, old.token, decide())
    (new,) = await memory.recovery.due()
    late = (
        partial(memory.runs.decided, decision=decide()),
        partial(memory.runs.fail, error=ERROR),
        partial(memory.runs.finish, response=decide(), episode=episode_of(old)),
    )
    for write in late:
        with pytest.raises(LeaseLost):
            await write(old.run_id, old.token)
    assert await journal_rows(memory) == 0
    await memory.runs.finish(new.run_id, new.token, decide(), episode_of(new))
    assert await journal_rows(memory) == 1


async def test_run_is_finished_once(memory: Memory) -> None:
    run = await memory.runs.start("ALPHA", {}, LEASE)
    await memory.runs.finish(run.run_id, run.token, decide(), episode_of(run))
    with pytest.raises(LeaseLost):
        await memory.runs.finish(run.run_id, run.token, decide(), episode_of(run))
    assert await journal_rows(memory) == 1


async def test_run_stays_open_when_its_episode_cannot_be_stored(memory: Memory) -> None:
    run = await memory.runs.start("ALPHA", {}, LEASE)
    hostile = episode_of(run, decision=decide(reasoning="a\x00b"))
    with pytest.raises(Invalid):
        await memory.runs.finish(run.run_id, run.token, decide(), hostile)
    unfinished = await memory.runs.get(run.run_id)
    assert unfinished is not None
    assert (unfinished.status, unfinished.response) == ("running", None)
    assert await journal_rows(memory) == 0


async def test_unknown_runs_are_none(memory: Memory) -> None:
    assert await memory.runs.get(uuid4()) is None
    assert await memory.runs.last("ALPHA") is None
