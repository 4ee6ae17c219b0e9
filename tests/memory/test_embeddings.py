"""Embeddings are checked, cached in the process and in the database, and queued."""

import math

import pytest
from pgvector import HalfVector

from memory.cache import TTL_SECONDS, ProcessCache, TableCache
from memory.embed import QUEUE_SIZE, Embeddings
from memory.pool import Pool
from memory.vectors import Embedding, VectorRefused, checked
from tests.memory.conftest import SECONDS, Memory, WordEmbedder, word_vector

BAD = [
    [],
    [1.0] * 1023,
    [0.0] * 1024,
    [1e-12] + [0.0] * 1023,
    [math.nan] + [1.0] * 1023,
    [math.inf] + [1.0] * 1023,
]


@pytest.mark.parametrize("vector", BAD, ids=["empty", "short", "zero", "tiny", "nan", "infinite"])
def test_vector_that_is_no_embedding_is_refused(vector: list[float]) -> None:
    with pytest.raises(VectorRefused):
        checked(vector, "model")


def test_vector_is_scaled_to_unit_length() -> None:
    vector = checked([3.0, 4.0] + [0.0] * 1022, "model").vector.to_list()
    assert vector[:3] == pytest.approx([0.6, 0.8, 0.0], abs=1e-3)


@pytest.mark.parametrize("vector", BAD[1:], ids=["short", "zero", "tiny", "nan", "infinite"])
async def test_unusable_vector_is_neither_used_nor_cached(
    memory: Memory, vector: list[float]
) -> None:
    memory.embedder.vector = vector
    lookup = await memory.embeddings.find("a text", SECONDS)
    assert (lookup.embedding, lookup.path) == (None, "structured")
    memory.embedder.vector = None
    assert (await memory.embeddings.find("a text", SECONDS)).path == "service"


async def test_another_process_finds_the_embedding_in_the_table(memory: Memory) -> None:
    first = await memory.embeddings.find("a text", SECONDS)
    other = Embeddings(TableCache(memory.pool), WordEmbedder(), ProcessCache())
    second = await other.find("a text", 0)
    assert second.path == "cache"
    assert second.embedding == first.embedding


async def test_table_answers_by_model_and_without_a_model_the_newest(pool: Pool) -> None:
    table = TableCache(pool)
    for model in ("old", "new"):
        await table.put([("a text", checked(word_vector(model), model))])
    old = await table.get("a text", "old")
    newest = await table.get("a text", None)
    assert old is not None
    assert newest is not None
    assert (old.model, newest.model) == ("old", "new")
    assert await table.get("a text", "none") is None


def test_entry_of_the_process_cache_expires_after_an_hour() -> None:
    now = 0.0
    cache = ProcessCache(lambda: now)
    cache.put("a text", Embedding(HalfVector([1.0]), "model"))
    now = TTL_SECONDS
    assert cache.get("a text") is not None
    now = TTL_SECONDS + 1
    assert cache.get("a text") is None


async def test_text_is_refused_when_the_queue_is_full(pool: Pool) -> None:
    without_worker = Embeddings(TableCache(pool), WordEmbedder(), ProcessCache())
    assert all(without_worker.prefetch(f"text {number}") for number in range(QUEUE_SIZE))
    assert without_worker.prefetch("text 0")
    assert not without_worker.prefetch("one more")
    lookup = await without_worker.find("one more", SECONDS)
    assert lookup.reason == "too many texts wait for the embedding service"
