"""The backfill embeds stored episodes once, and tries again what failed."""

from memory.backfill import Backfilled
from memory.text import describe
from tests.memory.conftest import SECONDS, Memory, invent, perceive, remember


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
    assert await memory.backfill.backfill(70) == Backfilled(0, 32, None)
    assert await count_unembedded(memory) == 70
    memory.embedder.down = False
    assert await memory.backfill.backfill(70) == Backfilled(70, 0, "words-1")


async def test_episodes_with_unusable_vectors_stay_unembedded(memory: Memory) -> None:
    await memory.store.add(invent(3))
    memory.embedder.vector = [0.0] * 1024
    assert await memory.backfill.backfill(10) == Backfilled(0, 3, None)
    assert await count_unembedded(memory) == 3


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
