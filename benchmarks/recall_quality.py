"""Whether recall finds what it should: beside exact search, and beside structure alone."""

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
    Asked,
    Remembering,
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


async def _recall_at_5(stage: Stage, memory: Remembering, name: str, project: str | None) -> Figure:
    stage.say(f"recall@5, {name}")
    shares = [
        _share(
            await _recalled(memory, each, project),
            await exact.nearest(memory.raw, each.seen, each.embedding, project, limit=LIMIT),
        )
        for each in memory.asked
    ]
    return Figure(f"recall@5, {name}", round(fmean(shares), 4), at_least(0.99))


async def _overlap(stage: Stage, memory: Remembering) -> Figure:
    """The share of the structurally nearest that the blend keeps among its nearest."""
    stage.say("overlap with the structurally nearest")
    shares = [
        _share(
            await _recalled(memory, each, None),
            await exact.nearest(
                memory.raw, each.seen, each.embedding, None, limit=LIMIT, blended=False
            ),
        )
        for each in memory.asked
    ]
    name = "recalled among the structurally nearest"
    return Figure(name, round(fmean(shares), 4), at_least(0.85))


async def _identical(stage: Stage, memory: Remembering) -> Figure:
    """The least similarity with which a stored state of another project is found."""
    stage.say("identical states")
    rng = random.Random(SEED + 1)
    twins = [episodes.episode(rng, "BENCH-TWIN") for _ in range(TWINS)]
    await memory.store.add(twins)
    await memory.backfill.backfill(TWINS)
    similarities = [await _similarity(memory, each.perception) for each in twins]
    return Figure("identical states, similarity", min(similarities), at_least(1))


async def _similarity(memory: Remembering, stored: Perception) -> float:
    seen = stored.model_copy(update={"project_id": "BENCH-ASKING", "day": AFTER_ALL})
    found = await memory.recaller.recall(seen, limit=1, deadline_seconds=SECONDS)
    return found.neighbours[0].similarity


async def _recalled(memory: Remembering, asked: Asked, project: str | None) -> list[UUID]:
    found = await memory.recaller.recall(
        asked.seen, limit=LIMIT, deadline_seconds=SECONDS, project_id=project
    )
    return [each.episode_id for each in found.neighbours]


def _share(found: list[UUID], right: list[UUID]) -> float:
    return len(set(found) & set(right)) / len(right)
