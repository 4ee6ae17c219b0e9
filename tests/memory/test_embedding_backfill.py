from memory.backfill import Backfilled
from memory.text import describe
from tests.memory.conftest import SECONDS, Memory, invent, perceive, remember


async def flagged(memory: Memory) -> int:
    return (await memory.store.count()).to_embed


async def test_backfill_embeds_what_has_no_embedding(memory: Memory) -> None:
    await memory.store.add(invent(70))
    assert await memory.backfill.backfill(50) == Backfilled(50, 0, "words-1")
    assert await memory.backfill.backfill(50) == Backfilled(20, 0, "words-1")
    assert await memory.backfill.backfill(50) == Backfilled(0, 0, None)
    assert await flagged(memory) == 0


async def test_the_canonical_text_is_embedded(memory: Memory) -> None:
    await memory.store.add([remember(perceive())])
    await memory.backfill.backfill(10)
    assert memory.embedder.texts == [describe(perceive())]


async def test_equal_states_are_embedded_once(memory: Memory) -> None:
    same = [remember(perceive(name)) for name in ("ALPHA", "BETA", "GAMMA")]
    await memory.store.add(same[:2])
    assert await memory.backfill.backfill(10) == Backfilled(2, 0, "words-1")
    await memory.embeddings.find(describe(perceive()), SECONDS)  # as a recall has done by then
    asked = len(memory.embedder.texts)
    await memory.store.add(same[2:])
    assert await memory.backfill.backfill(10) == Backfilled(1, 0, "words-1")
    assert (asked, memory.embedder.texts[asked:]) == (2, [])
    assert await flagged(memory) == 0


async def test_a_service_that_is_down_leaves_the_flags(memory: Memory) -> None:
    await memory.store.add(invent(70))
    memory.embedder.down = True
    assert await memory.backfill.backfill(70) == Backfilled(0, 32, None)
    assert await flagged(memory) == 70
    memory.embedder.down = False
    assert await memory.backfill.backfill(70) == Backfilled(70, 0, "words-1")


async def test_a_refused_vector_leaves_the_flag(memory: Memory) -> None:
    await memory.store.add(invent(3))
    memory.embedder.wild = [0.0] * 1024
    assert await memory.backfill.backfill(10) == Backfilled(0, 3, None)
    assert await flagged(memory) == 3


async def test_another_model_embeds_nothing_again(memory: Memory) -> None:
    await memory.store.add(invent(3))
    await memory.backfill.backfill(10)
    memory.embedder.model = "words-2"
    assert await memory.backfill.backfill(10) == Backfilled(0, 0, None)
