"""Learning keeps a proposal and a person's plan apart; what nobody approved is no forecast."""

import pytest

from memory.decision_outcomes import EndedDecisions
from memory.episode import EpisodeReview
from memory.episode_documents import read_episode
from memory.statistics import count_decisions
from tests.memory.conftest import (
    SECONDS,
    Memory,
    adjust,
    decide,
    end_sprint,
    perceive,
    remember,
    stored_row,
)


async def test_sprint_of_an_edited_plan_says_nothing_of_rule_and_recommendation(
    memory: Memory,
) -> None:
    decision = decide(adjustments=(adjust(),), tasks=4)
    edited = remember(perceive(), 1, decision=decision, review="edited", outcome=None)
    approved = remember(perceive(), 2, decision=decision, review="approved", outcome=None)
    await memory.store.add([edited, approved])
    for episode in (edited, approved):
        await end_sprint(memory, episode)
    assert [ended.sprint_id for ended in await EndedDecisions(memory.pool).read()] == ["ALPHA-S02"]


async def test_edited_episode_keeps_the_numbers_of_the_proposal(memory: Memory) -> None:
    decision = decide(adjustments=(adjust(),), tasks=4)
    await memory.store.add([remember(perceive(), decision=decision, review="edited")])
    row = await stored_row(memory.pool, "ALPHA-S01")
    assert row is not None
    assert (row["rule_tasks"], row["recommended_tasks"], row["applied_tasks"]) == (10, 7, 10)
    assert (row["action"]["tasks"], row["effect"], row["review"]) == (4, "edited", "edited")


async def test_state_and_outcome_of_an_edited_plan_are_recalled(memory: Memory) -> None:
    await memory.store.add([remember(perceive(), review="edited")])
    later = perceive("BETA", day=remember(perceive()).perception.day.replace(year=2027))
    recalled = await memory.recaller.recall(later, deadline_seconds=SECONDS)
    assert [neighbour.project_id for neighbour in recalled.neighbours] == ["ALPHA"]


@pytest.mark.parametrize("review", ["rejected", "expired", "superseded"])
async def test_plan_that_nobody_approved_is_no_forecast(
    memory: Memory, review: EpisodeReview
) -> None:
    episode = remember(perceive(), review=review, sprint_id=None, outcome=None)
    await memory.store.add([episode])
    later = perceive("BETA", day=episode.perception.day.replace(year=2027))
    recalled = await memory.recaller.recall(later, deadline_seconds=SECONDS)
    assert recalled.neighbours == ()
    assert await EndedDecisions(memory.pool).read() == []
    [count] = await count_decisions(memory.pool, "ALPHA")
    assert (count.effect, count.decisions) == ("not_approved", 1)


def test_episode_of_the_release_before_is_read_without_a_review() -> None:
    document = remember(perceive()).model_dump(mode="json")
    assert "review" not in document
    assert read_episode(document).effect == "acted"
