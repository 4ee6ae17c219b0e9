"""The backfill embeds stored episodes once, and tries again what failed."""

from collections.abc import Sequence
from typing import Any

import pytest

from domain_services.kernel.errors import Invalid, Problem, Unavailable
from memory.backfill import Backfill, Backfilled
from memory.cache import TableCache
from memory.text import describe
from tests.memory.conftest import SECONDS, Memory, WordEmbedder, invent, perceive, remember


class RefusingEmbedder(WordEmbedder):
    """Embedder that fails at every request with the first text that it was ever asked for."""

    def __init__(self, error: type[Problem]) -> None:
        super().__init__()
        self._error = error
        self._refused: str | None = None

    async def embed(self, texts: Sequence[str]) -> tuple[list[list[float]], str]:
        self._refused = self._refused or texts[0]
        if self._refused in texts:
            raise self._error("this text is refused")
        return await super().embed(texts)


async def count_unembedded(memory: Memory) -> int:
    return (await memory.store.count()).to_embed


async def test_episodes_without_an_embedding_are_embedded_in_batches(memory: Memory) -> None:
    await memory.store.add(invent(70))
    assert await memory.backfill.backfill(50) == Backfilled(50, 0, "words-1")
    assert await memory.backfill.backfill(50) == Backfilled(20, 0, "words-1")
    assert await memory.backfill.backfill(50) == Backfilled(0, 0, None)
    assert await count_unembedded(memory) == 0


async def test_description_of_the_state_is_embedded(memory: Memory) -> None:
    await memory.store.add([remember(perceive())])
    await memory.backfill.backfill(10)
    assert memory.embedder.texts == [describe(perceive())]


async def test_equal_states_are_embedded_once(memory: Memory) -> None:
    same = [remember(perceive(name)) for name in ("ALPHA", "BETA", "GAMMA")]
    await memory.store.add(same[:2])
    assert await memory.backfill.backfill(10) == Backfilled(2, 0, "words-1")
    await memory.embeddings.find(describe(perceive()), SECONDS)  # as a recall has done by then
    embedded = len(memory.embedder.texts)
    await memory.store.add(same[2:])
    assert await memory.backfill.backfill(10) == Backfilled(1, 0, "words-1")
    assert (embedded, memory.embedder.texts[embedded:]) == (2, [])
    assert await count_unembedded(memory) == 0


async def test_episodes_stay_unembedded_while_the_service_is_down(memory: Memory) -> None:
    await memory.store.add(invent(70))
    memory.embedder.down = True
    assert await memory.backfill.backfill(70) == Backfilled(0, 32, None, is_away=True)
    assert await count_unembedded(memory) == 70
    memory.embedder.down = False
    assert await memory.backfill.backfill(70) == Backfilled(70, 0, "words-1")


async def test_episodes_with_unusable_vectors_stay_unembedded(memory: Memory) -> None:
    await memory.store.add(invent(3))
    memory.embedder.vector = [0.0] * 1024
    assert await memory.backfill.backfill(10) == Backfilled(0, 3, None)
    assert await count_unembedded(memory) == 3


async def embedding_failures(memory: Memory) -> list[Any]:
    query = "SELECT tries, error, set_aside_at IS NOT NULL FROM embedding_failures"
    async with memory.pool.connection() as connection:
        return await (await connection.execute(query)).fetchall()


@pytest.mark.parametrize("error", [Invalid, Unavailable])
async def test_refused_text_delays_no_other_and_is_set_aside(
    memory: Memory, error: type[Problem]
) -> None:
    """The service answers 5xx, or not at all, to one text alone: it is not away."""
    await memory.store.add(invent(40))
    embedder = RefusingEmbedder(error)
    backfill = Backfill(memory.pool, embedder, TableCache(memory.pool), tries=2)
    assert await backfill.backfill(40) == Backfilled(39, 1, "words-1")
    assert await embedding_failures(memory) == [(1, "this text is refused", False)]
    assert await backfill.backfill(40) == Backfilled(0, 0, None)  # not before its pause ends
    async with memory.pool.connection() as connection:
        await connection.execute("UPDATE embedding_failures SET next_try = now()")
    assert await backfill.backfill(40) == Backfilled(0, 1, None)
    assert await embedding_failures(memory) == [(2, "this text is refused", True)]
    async with memory.pool.connection() as connection:
        await connection.execute("UPDATE embedding_failures SET next_try = now()")
    count = len(embedder.texts)
    assert await backfill.backfill(40) == Backfilled(0, 0, None)
    assert len(embedder.texts) == count


async def test_unreadable_state_delays_no_other(memory: Memory) -> None:
    await memory.store.add(invent(3))
    async with memory.pool.connection() as connection:
        await connection.execute(
            "UPDATE episodes SET perception = '{}'"
            " WHERE episode_id = (SELECT min(episode_id::text)::uuid FROM episodes)"
        )
    assert await memory.backfill.backfill(10) == Backfilled(2, 1, "words-1")
    [(tries, error, _)] = await embedding_failures(memory)
    assert (tries, error.partition(":")[0]) == (1, "ValidationError")


async def test_change_of_the_model_embeds_no_episode_again(memory: Memory) -> None:
    await memory.store.add(invent(3))
    await memory.backfill.backfill(10)
    memory.embedder.model = "words-2"
    assert await memory.backfill.backfill(10) == Backfilled(0, 0, None)


async def test_backfill_of_everything_ends_with_its_time_and_goes_on_next_time(
    memory: Memory,
) -> None:
    await memory.store.add(invent(70))
    assert await memory.backfill.backfill_all(0) == Backfilled(0, 0, None, is_cut_off=True)
    assert await memory.backfill.backfill_all(60) == Backfilled(70, 0, "words-1")
    assert await count_unembedded(memory) == 0
