"""Replay of a decision from its inputs: rules, evidence and gate as one function.

Nothing is read and nothing is called: the nodes' own functions decide again.
"""

from collections.abc import Sequence
from dataclasses import replace

from graphs.inputs import Inputs, restore
from graphs.nodes import gate
from graphs.nodes.adjust import recommend
from graphs.rules import catalogue
from graphs.rules.base import Rule
from memory.decision import Decision


def decide_again(inputs: Inputs, rules: Sequence[Rule] = catalogue.RULES) -> Decision:
    """Decide from the inputs of a run; without a change it is the run's own decision."""
    snapshot, planning = restore(inputs)
    rulings = catalogue.decide(snapshot.facts, rules)
    proposal, recommendations = recommend(
        snapshot, planning.evidence, inputs.recall, rulings, inputs.learned
    )
    return gate.decide(snapshot, rulings, recommendations, planning, proposal, inputs.order.mode)


def without_episode(inputs: Inputs, episode_id: str) -> Inputs:
    """Return the inputs as if an episode had not been recalled; no other takes its place."""
    neighbours = tuple(
        neighbour
        for neighbour in inputs.recall.neighbours
        if str(neighbour.episode_id) != str(episode_id)
    )
    return replace(inputs, recall=inputs.recall.model_copy(update={"neighbours": neighbours}))
