"""How complete the record of a decision is; only complete ones are learned from.

Weights of the four parts are the specification's. Each part is the share of its record that is
there, so that what was lost, or never known, counts as missing whoever wrote it. An imported past
sprint lacks people, the reasoning of its time and its plan: about 0.71 when its throughput and its
outcome are known, less when they are not.
"""

from collections.abc import Mapping
from typing import Any

from memory.episode import Episode, Outcome, Perception

LEARNING_QUALITY = 0.7

PERCEPTION, REASONING, ACTION, OUTCOME = 0.30, 0.30, 0.25, 0.15

STATE_SEEN, PACE_SEEN, CALENDAR_SEEN, PEOPLE_SEEN = 0.60, 0.25, 0.05, 0.10
REASONING_PARTS = {
    "text": 0.50,
    "rule_based_decision": 0.25,
    "intelligence_adjustments": 0.25,  # empty is known too: none were made
}
DEED, LENGTH, AMOUNT = 0.50, 0.30, 0.20
LENGTH_NAMES = ("duration_weeks", "duration_days")
RESULT, AGAINST_PLAN = 0.70, 0.30


def score(episode: Episode) -> float:
    """Completeness of an episode in 0..1. Source of the weights: section 6 of the specification."""
    total = (
        PERCEPTION * _perception(episode.perception)
        + REASONING * _reasoning(episode.reasoning)
        + ACTION * _action(episode.action)
        + OUTCOME * _outcome(episode.outcome)
    )
    return round(total, 4)


def recallable(episode: Episode) -> bool:
    """Whether later decisions may learn from it: the outcome is known and the record complete."""
    return episode.outcome is not None and score(episode) >= LEARNING_QUALITY


def _perception(seen: Perception) -> float:
    pace_known = bool(seen.completed) or seen.past_sprints == 0
    people_known = seen.team_size is not None and seen.team_working_days is not None
    return (
        STATE_SEEN
        + PACE_SEEN * pace_known
        + CALENDAR_SEEN * (seen.working_days is not None)
        + PEOPLE_SEEN * people_known
    )


def _reasoning(reasoning: Mapping[str, Any]) -> float:
    return sum(
        weight
        for name, weight in REASONING_PARTS.items()
        if reasoning.get(name) is not None and reasoning[name] != ""
    )


def _action(action: Mapping[str, Any]) -> float:
    """Without a sprint there is no length or amount to know."""
    if not isinstance(action.get("create_sprint"), bool):
        return 0.0
    if not action["create_sprint"]:
        return 1.0
    length_known = any(action.get(name) is not None for name in LENGTH_NAMES)
    return DEED + LENGTH * length_known + AMOUNT * (action.get("tasks") is not None)


def _outcome(outcome: Outcome | None) -> float:
    if outcome is None:
        return 0.0
    return RESULT + AGAINST_PLAN * (outcome.planned_tasks is not None)
