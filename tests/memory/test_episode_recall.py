import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry

from domain_services.kernel.background import running
from domain_services.kernel.errors import Unavailable
from memory import search
from memory.cache import ProcessCache, TableCache
from memory.embed import Embeddings
from memory.episode import Perception
from memory.features import features, similarity
from memory.pool import Pool
from memory.recall import Recall, Recaller
from memory.text import describe
from tests.memory.conftest import (
    SECONDS,
    TODAY,
    Memory,
    SlowEmbedder,
    decide,
    invent,
    perceive,
    remember,
    word_vector,
)

UNEXPLAINED = decide(reasoning="", rule=None, adjustments=None, tasks=None, duration_weeks=None)


async def recall(memory: Memory, seen: Perception, limit: int = 5) -> Recall:
    return await memory.recaller.recall(seen, limit=limit, deadline_seconds=SECONDS)


def ids(recalled: Recall) -> list[UUID]:
    return [each.episode_id for each in recalled.neighbours]


async def test_identical_states_of_two_projects_are_wholly_similar(memory: Memory) -> None:
    await memory.store.add([remember(perceive("BETA"))])
    await memory.backfill.backfill(10)
    recalled = await recall(memory, perceive("ALPHA"))
    (same,) = recalled.neighbours
    assert (same.similarity, same.structured_similarity, same.text_similarity) == (1.0, 1.0, 1.0)
    assert (same.project_id, same.found_by, recalled.degraded) == ("BETA", "both", None)
    assert same.outcome.completed_tasks == 7
    assert same.perception == perceive("BETA")


async def test_the_structurally_nearest_comes_first(memory: Memory) -> None:
    states = {"FAR": 900, "NEAR": 31, "MIDDLE": 80}
    await memory.store.add(
        [remember(perceive(name, backlog_tasks=count)) for name, count in states.items()]
    )
    recalled = await recall(memory, perceive(backlog_tasks=30))
    assert [each.project_id for each in recalled.neighbours] == ["NEAR", "MIDDLE", "FAR"]


def blend_by_hand(query: Perception, other: Perception) -> float:
    distance = sum((a - b) ** 2 for a, b in zip(features(query), features(other), strict=True))
    a, b = word_vector(describe(query)), word_vector(describe(other))
    length = sum(x * x for x in a) ** 0.5 * sum(x * x for x in b) ** 0.5
    cosine = sum(x * y for x, y in zip(a, b, strict=True)) / length
    return 0.8 * similarity(distance**0.5) + 0.2 * cosine


async def test_the_blend_is_that_of_its_definition(memory: Memory) -> None:
    episodes = invent(60)
    await memory.store.add(episodes)
    await memory.backfill.backfill(100)
    query = perceive("ALPHA")
    wanted = sorted(
        ((blend_by_hand(query, each.perception), each.episode_id) for each in episodes),
        reverse=True,
    )[:5]
    recalled = await recall(memory, query)
    assert ids(recalled) == [episode_id for _, episode_id in wanted]
    for neighbour, (blend, _) in zip(recalled.neighbours, wanted, strict=True):
        assert neighbour.similarity == pytest.approx(blend, abs=1e-3)


@pytest.mark.parametrize(("count", "by_index"), [(2000, False), (6000, True)])
async def test_both_routes_recall_the_same(memory: Memory, count: int, by_index: bool) -> None:
    await memory.store.add(invent(count))
    asked = [each.perception for each in invent(8, seed=2)]
    for seen in (each.model_copy(update={"project_id": "ASKING"}) for each in asked):
        recalled = await recall(memory, seen)
        assert (recalled.searched < count) == by_index
        query = search.query(seen, None, None, 5)
        async with memory.pool.connection() as connection:
            exact = await search.search_exact(connection, query, None)
        assert ids(recalled) == [hit.episode_id for hit in exact]


def impatient(memory: Memory) -> Recaller:
    """A recaller that takes the indexes from 101 episodes on."""
    return Recaller(memory.pool, memory.embeddings, CollectorRegistry(), exact_rows=100)


async def test_many_embedded_episodes_are_searched_by_both_indexes(memory: Memory) -> None:
    await memory.store.add(invent(400))
    await memory.backfill.backfill(400)
    # So many that the structurally nearest alone cannot be sure of the last of them.
    limit = 35
    recalled = await impatient(memory).recall(perceive(), limit=limit, deadline_seconds=SECONDS)
    found = await memory.embeddings.find(describe(perceive()), SECONDS)
    async with memory.pool.connection() as connection:
        asked = search.query(perceive(), found.embedding, None, limit)
        exact = await search.search_exact(connection, asked, None)
    assert ids(recalled) == [hit.episode_id for hit in exact]
    assert search.NEAREST_STRUCTURED < recalled.searched < 400
    assert "both" in {each.found_by for each in recalled.neighbours}
    assert all(each.text_similarity is not None for each in recalled.neighbours)


async def test_a_model_with_few_embeddings_is_not_searched_by_text(memory: Memory) -> None:
    await memory.store.add(invent(400))
    await memory.backfill.backfill(50)
    recalled = await impatient(memory).recall(perceive(), deadline_seconds=SECONDS)
    assert recalled.searched == search.NEAREST_STRUCTURED
    assert {each.found_by for each in recalled.neighbours} == {"structured"}


async def test_what_the_index_gives_up_on_is_found_all_the_same(memory: Memory) -> None:
    own = [each.model_copy(update={"project_id": "ALPHA"}) for each in invent(400)]
    others = [remember(perceive("BETA", backlog_tasks=10_000), number) for number in range(4)]
    await memory.store.add([*own, *others])
    async with memory.pool.connection() as one, memory.pool.connection() as other:
        for connection in (one, other):
            await connection.execute("SET hnsw.max_scan_tuples = 1")
            await connection.execute("SET enable_seqscan = off")
    recaller = impatient(memory)
    await recaller.recall(perceive("BETA"), deadline_seconds=SECONDS)
    asked = perceive("ALPHA", day=TODAY - timedelta(3000))
    recalled = await recaller.recall(asked, deadline_seconds=SECONDS)
    assert [each.project_id for each in recalled.neighbours] == ["BETA"] * 4


@pytest.mark.parametrize("days", [0, 1, 100])
async def test_the_future_of_the_same_project_is_never_recalled(memory: Memory, days: int) -> None:
    await memory.store.add([remember(perceive("ALPHA", day=TODAY + timedelta(days)))])
    assert (await recall(memory, perceive("ALPHA"))).neighbours == ()
    assert len((await recall(memory, perceive("BETA"))).neighbours) == 1


async def test_the_past_of_the_same_project_is_recalled(memory: Memory) -> None:
    await memory.store.add([remember(perceive(day=TODAY - timedelta(1)))])
    assert len((await recall(memory, perceive())).neighbours) == 1


async def test_only_complete_episodes_with_an_outcome_are_recalled(memory: Memory) -> None:
    await memory.store.add(
        [
            remember(perceive("BETA"), 1, outcome=None),
            remember(perceive("BETA"), 2, decision=UNEXPLAINED),
            remember(perceive("BETA"), 3),
        ]
    )
    recalled = await recall(memory, perceive())
    assert [each.sprint_id for each in recalled.neighbours] == ["BETA-S03"]


async def test_recall_of_one_project_finds_no_other(memory: Memory) -> None:
    await memory.store.add(invent(40, projects=2))
    recalled = await memory.recaller.recall(
        perceive(), limit=50, deadline_seconds=SECONDS, project_id="P0001"
    )
    assert {each.project_id for each in recalled.neighbours} == {"P0001"}
    assert len(recalled.neighbours) == recalled.searched == 20


async def test_without_an_embedding_the_structured_path_says_so(memory: Memory) -> None:
    await memory.store.add([remember(perceive("BETA"))])
    await memory.backfill.backfill(10)
    memory.embedder.down = True
    recalled = await recall(memory, perceive(backlog_tasks=31))
    (found,) = recalled.neighbours
    assert (recalled.path, recalled.model) == ("structured", None)
    assert recalled.degraded == "the embedding service is down"
    assert (found.text_similarity, found.found_by) == (None, "structured")
    assert found.similarity == found.structured_similarity


async def test_an_embedding_of_another_model_has_no_part(memory: Memory) -> None:
    await memory.store.add([remember(perceive("BETA"))])
    await memory.backfill.backfill(10)
    memory.embedder.model = "words-2"
    recalled = await recall(memory, perceive())
    (found,) = recalled.neighbours
    assert (recalled.path, recalled.model) == ("service", "words-2")
    assert (found.text_similarity, found.similarity) == (None, 1.0)
    assert recalled.degraded == "none of the neighbours has an embedding of words-2"


async def test_a_text_is_embedded_once(memory: Memory) -> None:
    paths = [(await recall(memory, perceive(name))).path for name in ("ALPHA", "BETA", "ALPHA")]
    assert paths == ["service", "cache", "cache"]
    assert memory.embedder.texts == [describe(perceive())]


async def test_what_came_too_late_serves_the_next_request(pool: Pool) -> None:
    ready = asyncio.Event()
    slow = SlowEmbedder(ready)
    embeddings = Embeddings(TableCache(pool), slow, ProcessCache())
    async with running(embeddings.loop()):
        late = await embeddings.find("a text", 0.01)
        ready.set()
        again = await embeddings.find("a text", SECONDS)
    assert (late.embedding, late.path) == (None, "structured")
    assert late.reason == "the embedding was not ready in time"
    assert again.embedding is not None
    assert slow.texts == ["a text"]


async def test_a_database_that_is_gone_is_unavailable(memory: Memory) -> None:
    await memory.pool.close()
    with pytest.raises(Unavailable):
        await recall(memory, perceive())


def test_nothing_recalled_is_a_recall_that_says_why() -> None:
    nothing = Recall.nothing("memory is down")
    assert (nothing.neighbours, nothing.degraded) == ((), "memory is down")
    assert Recall.model_validate(nothing.model_dump(mode="json")) == nothing
