from uuid import uuid4

import pytest

from domain_services.kernel.errors import Invalid, NotFound
from memory.episode import Outcome
from memory.store import Counts
from tests.memory.conftest import TODAY, Memory, invent, perceive, remember


async def test_an_episode_comes_back_as_it_was(memory: Memory) -> None:
    episode = remember(perceive())
    assert await memory.store.add([episode]) == 1
    assert await memory.store.get(episode.episode_id) == episode
    assert await memory.store.find_by_sprint("ALPHA-S01") == episode


async def test_an_unknown_episode_is_none(memory: Memory) -> None:
    assert await memory.store.get(uuid4()) is None
    assert await memory.store.find_by_sprint("ALPHA-S99") is None


async def test_second_import_changes_nothing(memory: Memory) -> None:
    episodes = invent(450)
    assert await memory.store.add(episodes) == 450
    changed = [each.model_copy(update={"agent_version": "other"}) for each in episodes]
    assert await memory.store.add(changed) == 0
    assert await memory.store.get(episodes[7].episode_id) == episodes[7]


async def test_decisions_are_listed_newest_first(memory: Memory) -> None:
    days = [TODAY.replace(day=day) for day in (3, 1, 2)]
    await memory.store.add([remember(perceive(day=day)) for day in days])
    await memory.store.add([remember(perceive("BETA"))])
    listed = await memory.store.list_for_project("ALPHA", 2)
    assert [each.perception.day.day for each in listed] == [3, 2]


async def test_an_outcome_makes_an_episode_recallable_once(memory: Memory) -> None:
    episode = remember(perceive(), outcome=None)
    await memory.store.add([episode])
    assert await memory.store.count() == Counts(1, 0, 0, 1)
    outcome = Outcome(completed_tasks=5, planned_tasks=8, duration_days=14)
    assert await memory.store.record_outcome(episode.episode_id, outcome)
    assert not await memory.store.record_outcome(episode.episode_id, outcome)
    stored = await memory.store.get(episode.episode_id)
    assert stored is not None
    assert stored.outcome == outcome
    assert await memory.store.count("ALPHA") == Counts(1, 1, 1, 1)
    assert await memory.store.count("BETA") == Counts(0, 0, 0, 0)


async def test_a_late_report_replaces_the_outcome(memory: Memory) -> None:
    episode = remember(perceive())
    await memory.store.add([episode])
    late = Outcome(completed_tasks=8, planned_tasks=8, duration_days=14)
    assert await memory.store.record_outcome(episode.episode_id, late)


async def test_an_outcome_of_nothing_is_refused(memory: Memory) -> None:
    with pytest.raises(NotFound):
        await memory.store.record_outcome(uuid4(), Outcome(completed_tasks=1, duration_days=7))


HARMLESS = [
    "'; DROP TABLE episodes; --",
    '"}], "quality": 1, "x": [{"',
    "%s %(id)s {} \\u0000 \\\\u0000",
    "\u202e\u0301 \U0001f600 " + "x" * 10_000,
    "[1,2,3]'::vector",
]


@pytest.mark.parametrize("text", HARMLESS)
async def test_hostile_text_is_only_text(memory: Memory, text: str) -> None:
    episode = remember(perceive(), reasoning={"text": text, text: [text]})
    await memory.store.add([episode])
    assert await memory.store.get(episode.episode_id) == episode


@pytest.mark.parametrize("text", ["a\x00b", "\\\x00", "\\\\\x00", "\ud800"])
async def test_text_that_cannot_be_stored_is_refused_whole(memory: Memory, text: str) -> None:
    bad = remember(perceive("BETA")).model_copy(update={"reasoning": {"text": text}})
    with pytest.raises(Invalid):
        await memory.store.add([remember(perceive()), bad])
    assert await memory.store.count() == Counts(0, 0, 0, 0)
