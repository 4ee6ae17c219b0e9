"""Effect of forgetting: recent decisions, made again from their inputs without the episode."""

import asyncio
from uuid import UUID

from agent.episodes import schema
from domain_services.kernel.errors import Invalid
from graphs.inputs import deeds_of, from_document
from graphs.replay import compare, decide_again, without_episode
from memory import run_inputs
from memory.episode_answers import EpisodeUse
from memory.episode_reads import read_uses
from memory.pool import Pool

MOST_DECISIONS = 20


async def effect_of(pool: Pool, episode_id: UUID, version: int) -> schema.EpisodeEffect:
    """Return the effect of an episode on the newest decisions that recalled it."""
    uses = await read_uses(pool, episode_id, limit=MOST_DECISIONS)
    decisions = [await _decide_without(pool, use, episode_id) for use in uses]
    return schema.EpisodeEffect(
        episode_id=episode_id, version=version, decisions=decisions, words=_words(decisions)
    )


async def _decide_without(pool: Pool, use: EpisodeUse, episode_id: UUID) -> schema.EffectOnDecision:
    unknown = schema.EffectOnDecision(
        run_id=use.run_id,
        project_id=use.project_id,
        day=use.day,
        tasks=use.applied_tasks,
        tasks_without=None,
        change="unknown",
    )
    stored = await run_inputs.read_one(pool, use.run_id)
    if stored is None:
        return unknown
    try:
        inputs = from_document(stored.inputs)
    except Invalid:
        # Another release stored them.
        return unknown
    # In a thread: twenty decisions at once would hold up the other requests.
    before = await asyncio.to_thread(decide_again, inputs)
    after = await asyncio.to_thread(decide_again, without_episode(inputs, str(episode_id)))
    return unknown.model_copy(
        update={
            "tasks": before.tasks,
            "tasks_without": after.tasks,
            "change": compare(deeds_of(before), deeds_of(after)),
        }
    )


def _words(decisions: list[schema.EffectOnDecision]) -> str:
    if not decisions:
        return "no decision has recalled it"
    known = [decision for decision in decisions if decision.change != "unknown"]
    changed = sum(decision.change != "same" for decision in known)
    words = f"of the newest {len(decisions)} decisions that recalled it, {changed} would have"
    words += " planned otherwise without it"
    unknown = len(decisions) - len(known)
    return f"{words}; of {unknown} the inputs are not kept" if unknown else words
