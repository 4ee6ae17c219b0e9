"""Recall compared with exact search, and with search by structure alone."""

import random
from statistics import fmean
from uuid import UUID

from benchmarks import episodes, exact
from benchmarks.figures import Figure, at_least
from benchmarks.loading import SEED, load_memory
from benchmarks.remembering import (
    AFTER_ALL,
    FILTERS,
    LIMIT,
    SECONDS,
    Question,
    RecallStage,
    open_memory,
)
from benchmarks.stage import Stage
from memory.episode import Perception

TWINS = 20  # stored states that are asked for


async def quality(stage: Stage) -> list[Figure]:
    """Shares over states never stored, and the similarity of stored ones to themselves."""
    await load_memory(stage)
    questions = 20 if stage.quick else 40
    async with open_memory(stage, questions) as memory:
        figures = [
            await _recall_at_5(stage, memory, name, project) for name, project in FILTERS.items()
        ]
        return [*figures, await _overlap(stage, memory), await _identical(stage, memory)]


async def _recall_at_5(stage: Stage, memory: RecallStage, name: str, project: str | None) -> Figure:
    stage.say(f"recall@5, {name}")
    shares = [
        _share(
            await _recalled(memory, question, project),
            await exact.nearest(
                memory.raw, question.state, question.embedding, project, limit=LIMIT
            ),
        )
        for question in memory.questions
    ]
    return Figure(f"recall@5, {name}", round(fmean(shares), 4), at_least(0.99))


async def _overlap(stage: Stage, memory: RecallStage) -> Figure:
    """The share of the structurally nearest that the blend keeps among its nearest."""
    stage.say("overlap with the structurally nearest")
    shares = [
        _share(
            await _recalled(memory, question, None),
            await exact.nearest(
                memory.raw, question.state, question.embedding, None, limit=LIMIT, blended=False
            ),
        )
        for question in memory.questions
    ]
    name = "recalled among the structurally nearest"
    return Figure(name, round(fmean(shares), 4), at_least(0.85))


async def _identical(stage: Stage, memory: RecallStage) -> Figure:
    """The least similarity with which a stored state of another project is found."""
    stage.say("identical states")
    rng = random.Random(SEED + 1)
    twins = [episodes.episode(rng, "BENCH-TWIN") for _ in range(TWINS)]
    await memory.store.add(twins)
    await memory.backfill.backfill(TWINS)
    similarities = [await _similarity(memory, episode.perception) for episode in twins]
    return Figure("identical states, similarity", min(similarities), at_least(1))


async def _similarity(memory: RecallStage, stored: Perception) -> float:
    state = stored.model_copy(update={"project_id": "BENCH-ASKING", "day": AFTER_ALL})
    recalled = await memory.recaller.recall(state, limit=1, deadline_seconds=SECONDS)
    return recalled.neighbours[0].similarity


async def _recalled(memory: RecallStage, question: Question, project: str | None) -> list[UUID]:
    recalled = await memory.recaller.recall(
        question.state, limit=LIMIT, deadline_seconds=SECONDS, project_id=project
    )
    return [neighbour.episode_id for neighbour in recalled.neighbours]


def _share(ids: list[UUID], right: list[UUID]) -> float:
    return len(set(ids) & set(right)) / len(right)
