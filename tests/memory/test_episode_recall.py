"""Recall finds the nearest episodes by features and text, and names what it lacked."""

import asyncio
from datetime import date, timedelta
from statistics import fmean
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
    end_sprint,
    invent,
    perceive,
    remember,
    word_vector,
)

UNEXPLAINED = decide(reasoning="", rule=None, adjustments=None, tasks=None, duration_weeks=None)


LATER = TODAY + timedelta(100)  # when every outcome of these tests is known


async def recall(
    memory: Memory, perception: Perception, day: date = LATER, *, simulated: bool = False
) -> Recall:
    later = perception.model_copy(update={"day": day})
    return await memory.recaller.recall(later, deadline_seconds=SECONDS, simulated=simulated)


def ids(recalled: Recall) -> list[UUID]:
    return [neighbour.episode_id for neighbour in recalled.neighbours]


async def test_identical_states_of_two_projects_have_similarity_one(memory: Memory) -> None:
    await memory.store.add([remember(perceive("BETA"))])
    await memory.backfill.backfill(10)
    recalled = await recall(memory, perceive("ALPHA"))
    (same,) = recalled.neighbours
    assert (same.similarity, same.structured_similarity, same.text_similarity) == (1.0, 1.0, 1.0)
    assert (same.project_id, same.found_by, recalled.degraded) == ("BETA", "both", None)
    assert same.outcome.completed_tasks == 7
    assert same.perception == perceive("BETA")


async def test_nearest_by_features_comes_first_without_texts(memory: Memory) -> None:
    states = {"FAR": 900, "NEAR": 31, "MIDDLE": 80}
    await memory.store.add(
        [remember(perceive(name, backlog_tasks=count)) for name, count in states.items()]
    )
    recalled = await recall(memory, perceive(backlog_tasks=30))
    assert [neighbour.project_id for neighbour in recalled.neighbours] == ["NEAR", "MIDDLE", "FAR"]


def blend_by_hand(query: Perception, other: Perception) -> float:
    distance = sum((a - b) ** 2 for a, b in zip(features(query), features(other), strict=True))
    a, b = word_vector(describe(query)), word_vector(describe(other))
    length = sum(x * x for x in a) ** 0.5 * sum(x * x for x in b) ** 0.5
    cosine = sum(x * y for x, y in zip(a, b, strict=True)) / length
    return 0.8 * similarity(distance**0.5) + 0.2 * cosine


async def test_similarity_is_the_blend_of_its_definition(memory: Memory) -> None:
    episodes = invent(60)
    await memory.store.add(episodes)
    await memory.backfill.backfill(100)
    query = perceive("ALPHA")
    expected = sorted(
        ((blend_by_hand(query, episode.perception), episode.episode_id) for episode in episodes),
        reverse=True,
    )[:5]
    recalled = await recall(memory, query)
    assert ids(recalled) == [episode_id for _, episode_id in expected]
    for neighbour, (blend, _) in zip(recalled.neighbours, expected, strict=True):
        assert neighbour.similarity == pytest.approx(blend, abs=1e-3)


@pytest.mark.parametrize(("count", "by_index"), [(2000, False), (6000, True)])
async def test_exact_and_indexed_search_find_the_same_episodes(
    memory: Memory, count: int, by_index: bool
) -> None:
    episodes = invent(count)
    # One transaction of all of them may take longer than a connection is lent.
    for first in range(0, count, 1000):
        await memory.store.add(episodes[first : first + 1000])
    for episode in invent(8, seed=2):
        perception = episode.perception.model_copy(update={"project_id": "ASKING", "day": LATER})
        recalled = await recall(memory, perception)
        assert (recalled.searched < count) == by_index
        query = search.make_query(perception, None, None, 5)
        async with memory.pool.connection() as connection:
            exact = await search.search_exact(connection, query, None)
        assert ids(recalled) == [hit.episode_id for hit in exact]


def recaller_by_index(memory: Memory) -> Recaller:
    """Return a recaller that searches through the indexes from 101 episodes on."""
    return Recaller(memory.pool, memory.embeddings, CollectorRegistry(), exact_rows=100)


async def test_many_embedded_episodes_are_searched_by_both_indexes(memory: Memory) -> None:
    await memory.store.add(invent(400))
    await memory.backfill.backfill(400)
    # So many that the structurally nearest alone cannot be sure of the last of them.
    limit = 35
    recalled = await recaller_by_index(memory).recall(
        perceive(day=LATER), limit=limit, deadline_seconds=SECONDS
    )
    lookup = await memory.embeddings.find(describe(perceive()), SECONDS)
    async with memory.pool.connection() as connection:
        query = search.make_query(perceive(day=LATER), lookup.embedding, None, limit)
        exact = await search.search_exact(connection, query, None)
    assert ids(recalled) == [hit.episode_id for hit in exact]
    assert search.NEAREST_STRUCTURED < recalled.searched < 400
    assert "both" in {neighbour.found_by for neighbour in recalled.neighbours}
    assert all(neighbour.text_similarity is not None for neighbour in recalled.neighbours)


async def test_model_with_few_embeddings_is_not_searched_by_text(memory: Memory) -> None:
    await memory.store.add(invent(400))
    await memory.backfill.backfill(50)
    recalled = await recaller_by_index(memory).recall(perceive(day=LATER), deadline_seconds=SECONDS)
    assert recalled.searched == search.NEAREST_STRUCTURED
    assert {neighbour.found_by for neighbour in recalled.neighbours} == {"structured"}


async def test_episode_that_an_index_scan_missed_is_found_by_exact_search(memory: Memory) -> None:
    later = [
        episode.model_copy(
            update={"perception": episode.perception.model_copy(update={"day": TODAY})}
        )
        for episode in invent(400)
    ]
    long_ago = TODAY - timedelta(3000)
    known = [
        remember(perceive("BETA", backlog_tasks=10_000, day=long_ago), number)
        for number in range(4)
    ]
    await memory.store.add([*later, *known])
    recaller = recaller_by_index(memory)
    async with memory.pool.connection() as one, memory.pool.connection() as other:
        for connection in (one, other):
            await connection.execute("SET hnsw.max_scan_tuples = 1")
            await connection.execute("SET enable_seqscan = off")
    recalled = await recaller.recall(perceive(day=LATER), deadline_seconds=SECONDS, limit=404)
    assert len(recalled.neighbours) == 404
    # Few are known on an early day: all of them are compared, however many there are later.
    early = perceive(day=long_ago + timedelta(14))
    few = await recaller.recall(early, deadline_seconds=SECONDS)
    assert [neighbour.project_id for neighbour in few.neighbours] == ["BETA"] * 4
    assert few.searched == 4


@pytest.mark.parametrize("project_id", ["ALPHA", "BETA"])
@pytest.mark.parametrize(("days", "known"), [(0, False), (13, False), (14, True)])
async def test_outcome_is_recalled_from_the_day_after_its_sprint(
    memory: Memory, project_id: str, days: int, known: bool
) -> None:
    await memory.store.add([remember(perceive("ALPHA"))])
    recalled = await recall(memory, perceive(project_id), TODAY + timedelta(days))
    assert [neighbour.known_on for neighbour in recalled.neighbours] == (
        [TODAY + timedelta(14)] if known else []
    )


async def test_simulated_sprints_are_recalled_by_simulated_projects_only(memory: Memory) -> None:
    ended = [remember(perceive("BETA"), number, outcome=None) for number in (1, 2, 3)]
    await memory.store.add(ended)
    for episode, source in zip(ended, ("reported", "simulated", None), strict=True):
        await end_sprint(memory, episode, progress_source=source)
    for simulated, sprint_id in ((False, "BETA-S01"), (True, "BETA-S02")):
        recalled = await recall(memory, perceive(), simulated=simulated)
        assert [neighbour.sprint_id for neighbour in recalled.neighbours] == [sprint_id]
        assert recalled.neighbours[0].simulated == simulated


async def test_only_complete_episodes_with_an_outcome_are_recalled(memory: Memory) -> None:
    await memory.store.add(
        [
            remember(perceive("BETA"), 1, outcome=None),
            remember(perceive("BETA"), 2, decision=UNEXPLAINED),
            remember(perceive("BETA"), 3),
        ]
    )
    recalled = await recall(memory, perceive())
    assert [neighbour.sprint_id for neighbour in recalled.neighbours] == ["BETA-S03"]


async def test_recall_of_one_project_finds_no_other(memory: Memory) -> None:
    await memory.store.add(invent(40, projects=2))
    recalled = await memory.recaller.recall(
        perceive(day=LATER), limit=50, deadline_seconds=SECONDS, project_id="P0001"
    )
    assert {neighbour.project_id for neighbour in recalled.neighbours} == {"P0001"}
    assert len(recalled.neighbours) == recalled.searched == 20


async def test_recall_without_an_embedding_names_the_reason(memory: Memory) -> None:
    await memory.store.add([remember(perceive("BETA"))])
    await memory.backfill.backfill(10)
    memory.embedder.down = True
    recalled = await recall(memory, perceive(backlog_tasks=31))
    (neighbour,) = recalled.neighbours
    assert (recalled.path, recalled.model) == ("structured", None)
    assert recalled.degraded == "the embedding service is down"
    assert (neighbour.text_similarity, neighbour.found_by) == (None, "structured")
    assert neighbour.similarity == neighbour.structured_similarity


async def test_embedding_of_another_model_is_not_compared(memory: Memory) -> None:
    await memory.store.add([remember(perceive("BETA"))])
    await memory.backfill.backfill(10)
    memory.embedder.model = "words-2"
    recalled = await recall(memory, perceive())
    (neighbour,) = recalled.neighbours
    assert (recalled.path, recalled.model) == ("service", "words-2")
    assert (neighbour.text_similarity, neighbour.similarity) == (None, 1.0)
    assert recalled.degraded == "none of the neighbours has an embedding of words-2"


@pytest.mark.parametrize("by_index", [False, True])
async def test_episodes_that_wait_for_their_embedding_are_recalled_as_with_it(
    memory: Memory, by_index: bool
) -> None:
    await memory.store.add(invent(300))
    await memory.backfill.backfill(300)
    recaller = recaller_by_index(memory) if by_index else memory.recaller
    queries = [
        episode.perception.model_copy(update={"project_id": "ASKING", "day": LATER})
        for episode in invent(20, seed=2)
    ]

    async def recall_each() -> list[Recall]:
        return [await recaller.recall(query, deadline_seconds=SECONDS) for query in queries]

    embedded = await recall_each()
    async with memory.pool.connection() as connection:
        # As just imported ones are.
        await connection.execute(
            "UPDATE episodes SET embedding = NULL, embedding_model = NULL,"
            " requires_embedding = true WHERE hashtext(episode_id::text) % 4 = 0"
        )
    waiting = await recall_each()
    same = [
        len(set(ids(before)) & set(ids(after)))
        for before, after in zip(embedded, waiting, strict=True)
    ]
    assert sum(same) >= 97
    before = {
        (recalled_at, neighbour.episode_id): neighbour.similarity
        for recalled_at, recalled in enumerate(embedded)
        for neighbour in recalled.neighbours
    }
    errors = [
        neighbour.similarity - before[place]
        for recalled_at, recalled in enumerate(waiting)
        for neighbour in recalled.neighbours
        if neighbour.text_similarity is None
        and (place := (recalled_at, neighbour.episode_id)) in before
    ]
    assert len(errors) >= 10
    assert abs(fmean(errors)) < 0.006
    assert all(recalled.degraded is None for recalled in waiting)


async def test_equal_texts_are_embedded_once(memory: Memory) -> None:
    paths = [(await recall(memory, perceive(name))).path for name in ("ALPHA", "BETA", "ALPHA")]
    assert paths == ["service", "cache", "cache"]
    assert memory.embedder.texts == [describe(perceive())]


async def test_embedding_that_came_too_late_serves_the_next_request(pool: Pool) -> None:
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


async def test_recall_without_a_database_is_unavailable(memory: Memory) -> None:
    await memory.pool.close()
    with pytest.raises(Unavailable):
        await recall(memory, perceive())


def test_empty_recall_names_its_reason() -> None:
    nothing = Recall.nothing("memory is down")
    assert (nothing.neighbours, nothing.degraded) == ((), "memory is down")
    assert Recall.model_validate(nothing.model_dump(mode="json")) == nothing
