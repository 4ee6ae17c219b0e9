"""Replay of a decision from its inputs: rules, evidence and gate as one function.

Nothing is read and nothing is called: the nodes' own functions decide again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from graphs.evidence.adjustment import Proposal
from graphs.inputs import Deeds, Inputs, restore
from graphs.nodes import gate
from graphs.nodes.adjust import recommend
from graphs.rules import catalogue
from graphs.rules.base import Rule, Ruling
from graphs.state import Planning, Snapshot
from memory.decision import Decision

Change = Literal["same", "changed", "nothing"]


@dataclass(frozen=True)
class Replayed:
    """A decision that was made again, with what led to it."""

    snapshot: Snapshot
    """The project as the rules saw it."""
    planning: Planning
    """Evidence and planning order."""
    rulings: tuple[Ruling, ...]
    """Answers of the rules."""
    proposal: Proposal | None
    """Forecasts of rule and evidence, with the recommended count; None without a new sprint."""
    decision: Decision
    """The decision."""


def replay(inputs: Inputs, rules: Sequence[Rule] = catalogue.RULES) -> Replayed:
    """Decide from the inputs of a run; without a change it is the run's own decision."""
    snapshot, planning = restore(inputs)
    rulings = catalogue.decide(snapshot.facts, rules)
    proposal, recommendations = recommend(
        snapshot, planning.evidence, inputs.recall, rulings, inputs.learned
    )
    mode = inputs.order.mode
    decision = gate.decide(snapshot, rulings, recommendations, planning, proposal, mode)
    return Replayed(snapshot, planning, rulings, proposal, decision)


def decide_again(inputs: Inputs, rules: Sequence[Rule] = catalogue.RULES) -> Decision:
    """Return the decision alone, as `replay` makes it."""
    return replay(inputs, rules).decision


def without_episode(inputs: Inputs, episode_id: str) -> Inputs:
    """Return the inputs as if an episode had not been recalled; no other takes its place."""
    neighbours = tuple(
        neighbour
        for neighbour in inputs.recall.neighbours
        if str(neighbour.episode_id) != str(episode_id)
    )
    return replace(inputs, recall=inputs.recall.model_copy(update={"neighbours": neighbours}))


def compare(before: Deeds, after: Deeds) -> Change:
    """Compare what two decisions do; `nothing`: only the first one planned a call."""
    if before.calls and not after.calls:
        return "nothing"
    return "same" if _numbers(before) == _numbers(after) else "changed"


def _numbers(deeds: Deeds) -> tuple[object, ...]:
    # The source alone changes nothing.
    calls = [(call.name, call.arguments) for call in deeds.calls]
    return deeds.create_sprint, deeds.close_sprint, deeds.tasks, deeds.weeks, calls
