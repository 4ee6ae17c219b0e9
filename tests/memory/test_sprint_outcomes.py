"""Outcomes of sprints reach their episodes, and only worked sprints teach."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from memory import outcomes
from memory.decision_outcomes import EndedDecisions
from memory.episode import Episode
from memory.episode_documents import Action
from memory.journal import append
from memory.outcomes import CancelledSprint
from memory.recall import Recall
from tests.memory.conftest import (
    SECONDS,
    TODAY,
    Memory,
    end_sprint,
    perceive,
    remember,
    stored_row,
)

CANCELLED_AT = datetime(2026, 3, 3, 9, tzinfo=UTC)


@pytest.fixture
async def started(memory: Memory) -> Episode:
    """Store a decision whose sprint is in progress."""
    episode = remember(perceive(), outcome=None)
    await memory.store.add([episode])
    return episode


async def recall(memory: Memory, simulated: bool = False) -> Recall:
    later = perceive("BETA", day=TODAY + timedelta(100))
    return await memory.recaller.recall(later, deadline_seconds=SECONDS, simulated=simulated)


async def row_of(memory: Memory, episode: Episode) -> dict[str, Any]:
    row = await stored_row(memory.pool, episode.sprint_id or "")
    assert row is not None
    return row


async def test_sprint_closed_early_is_known_the_day_after_and_as_long_as_it_ran(
    memory: Memory, started: Episode
) -> None:
    ended_on = TODAY + timedelta(4)
    end = {"ended_on": ended_on, "duration_days": 5, "completed_outside": 3}
    assert await end_sprint(memory, started, **end) == 1
    row = await row_of(memory, started)
    assert (row["known_on"], row["duration_days"]) == (ended_on + timedelta(1), 5)
    (neighbour,) = (await recall(memory)).neighbours
    assert (neighbour.outcome.duration_days, neighbour.completed_outside) == (5, 3)


async def test_sprint_in_which_nobody_worked_keeps_its_outcome_and_teaches_nothing(
    memory: Memory, started: Episode
) -> None:
    await end_sprint(memory, started, worked=False, progress_source="none", completed_tasks=0)
    row = await row_of(memory, started)
    assert (row["completed_tasks"], row["worked"], row["recallable"]) == (0, False, False)
    for simulated in (False, True):
        assert (await recall(memory, simulated)).neighbours == ()
        assert await EndedDecisions(memory.pool).read(simulated=simulated) == []


async def test_simulated_sprint_is_an_ended_decision_on_request_only(
    memory: Memory, started: Episode
) -> None:
    await end_sprint(memory, started, progress_source="simulated")
    decisions = EndedDecisions(memory.pool)
    assert await decisions.read() == []
    (decision,) = await decisions.read(simulated=True)
    assert decision.simulated


async def test_close_announced_again_with_its_facts_corrects_the_outcome(
    memory: Memory, started: Episode
) -> None:
    assert await end_sprint(memory, started, progress_source=None, ended_on=None) == 1
    assert (await recall(memory)).neighbours == ()
    assert await end_sprint(memory, started, duration_days=5, worked=False) == 1
    # The event of the earlier release may arrive once more, after the announcement.
    assert await end_sprint(memory, started, progress_source=None, ended_on=None) == 0
    row = await row_of(memory, started)
    assert (row["worked"], row["progress_source"], row["duration_days"]) == (False, "reported", 5)
    assert await end_sprint(memory, started) == 1
    assert len((await recall(memory)).neighbours) == 1
    assert await end_sprint(memory, started) == 0


@pytest.mark.parametrize("in_journal", [False, True])
async def test_cancelled_sprint_marks_its_episode_for_good(
    memory: Memory, in_journal: bool
) -> None:
    episode = remember(perceive(), outcome=None)
    if not in_journal:
        await memory.store.add([episode])
    sprint = CancelledSprint("ALPHA-S01", "ALPHA", "begun by mistake", CANCELLED_AT)
    for changed in (0 if in_journal else 1, 0):
        async with memory.pool.connection() as connection, connection.transaction():
            assert await outcomes.cancel(connection, sprint) == changed
    if in_journal:
        async with memory.pool.connection() as connection:
            await append(connection, episode)
        await memory.journal.drain()
    row = await row_of(memory, episode)
    action = Action.model_validate(row["action"])
    assert action.cancelled is not None
    assert (action.cancelled.at, action.cancelled.reason) == (CANCELLED_AT, "begun by mistake")
    assert (row["cancelled_at"], row["recallable"]) == (CANCELLED_AT, False)
    assert (await recall(memory)).neighbours == ()
