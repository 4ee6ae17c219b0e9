"""Corrected and forgotten episodes are changed by no late event."""

import pytest
from uuid_utils.compat import uuid7

from memory import outcomes
from memory.episode import Episode
from memory.episode_changes import Correction, correct, forget
from memory.outcomes import CancelledSprint
from memory.pool import Pool
from memory.text import describe
from tests.memory.conftest import (
    SECONDS,
    TODAY,
    Memory,
    end_sprint,
    perceive,
    remember,
    stored_row,
)
from tests.memory.test_proposals import audit, column


async def forget_one(pool: Pool, episode: Episode) -> None:
    await forget(pool, episode.episode_id, 1, "lena", lambda *_: audit(uuid7()))


async def test_forgotten_episode_gets_no_late_outcome_and_no_embedding(memory: Memory) -> None:
    episode = remember(perceive(), outcome=None)
    await memory.store.add([episode])
    # As a decision on the same state does.
    await memory.embeddings.find(describe(episode.perception), SECONDS)
    assert await column(memory, "SELECT count(*) FROM embedding_cache") == [1]
    await forget_one(memory.pool, episode)
    assert await column(memory, "SELECT count(*) FROM embedding_cache") == [0]
    assert await end_sprint(memory, episode) == 0
    assert (await memory.backfill.backfill(10)).done == 0
    row = await stored_row(memory.pool, "ALPHA-S01")
    assert row is not None
    assert (row["completed_tasks"], row["embedding"], row["recallable"]) == (None, None, False)


async def test_forgotten_episode_gets_no_reason_of_a_cancellation(memory: Memory) -> None:
    episode = remember(perceive(), outcome=None)
    await memory.store.add([episode])
    await forget_one(memory.pool, episode)
    at = episode.decided_at
    async with memory.pool.connection() as connection, connection.transaction():
        await outcomes.cancel(connection, CancelledSprint("ALPHA-S01", "ALPHA", "a secret", at))
    row = await stored_row(memory.pool, "ALPHA-S01")
    assert row is not None
    assert (row["action"], row["cancelled_at"]) == ({}, at)


@pytest.mark.parametrize("completed", [2, 5])
async def test_corrected_outcome_is_replaced_by_no_event(memory: Memory, completed: int) -> None:
    episode = remember(perceive(day=TODAY))
    await memory.store.add([episode])
    change = Correction(base=1, completed_tasks=completed)
    await correct(
        memory.pool, episode.episode_id, change, "lena", "miscounted", lambda *_: audit(uuid7())
    )
    assert await end_sprint(memory, episode) == 0
    row = await stored_row(memory.pool, "ALPHA-S01")
    assert row is not None
    assert (row["completed_tasks"], row["version"]) == (completed, 2)
