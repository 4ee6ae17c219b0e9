"""Completeness of an episode's record; later decisions learn from complete ones only.

The specification weights four parts. Each part counts the known share of its record, whoever wrote
it. An imported past sprint lacks people, reasoning and plan: it scores about 0.71 when its
throughput and its outcome are known, less when they are not.
"""

from memory.decision import Decision
from memory.episode import Episode, Outcome, Perception

LEARNING_QUALITY = 0.7  # specification

PERCEPTION, REASONING, ACTION, OUTCOME = 0.30, 0.30, 0.25, 0.15

# Shares within a part are chosen so that an import passes without people and plan, and fails when
# its throughput is not known either.
STATE_KNOWN, PACE_KNOWN, CALENDAR_KNOWN, PEOPLE_KNOWN = 0.60, 0.25, 0.05, 0.10
TEXT_KNOWN, RULE_KNOWN, ADJUSTMENTS_KNOWN = 0.50, 0.25, 0.25
CREATION_KNOWN, LENGTH_KNOWN, AMOUNT_KNOWN = 0.50, 0.30, 0.20
RESULT_KNOWN, PLAN_KNOWN = 0.70, 0.30


def score(episode: Episode) -> float:
    """Return the completeness of an episode, 0..1, rounded to four digits.

    Source of the weights: section 6 of the specification.
    """
    return round(_before_the_outcome(episode) + OUTCOME * _outcome(episode.outcome), 4)


def score_with_outcome(stored: float, before: Outcome | None, after: Outcome) -> float:
    """Return the score of a stored episode whose outcome becomes `after`.

    The parts add up, so that the record itself need not be read again.
    """
    # The column holds 32 bits; rounding to four digits takes away what they lack.
    return round(stored + OUTCOME * (_outcome(after) - _outcome(before)), 4)


def recallable(outcome: Outcome | None, quality: float) -> bool:
    """Check that later decisions may learn from an episode of this outcome and score."""
    return outcome is not None and quality >= LEARNING_QUALITY


def _before_the_outcome(episode: Episode) -> float:
    return (
        PERCEPTION * _perception(episode.perception)
        + REASONING * _reasoning(episode.decision)
        + ACTION * _action(episode.decision)
    )


def _perception(perception: Perception) -> float:
    pace_known = bool(perception.completed) or perception.past_sprints == 0
    people_known = perception.team_size is not None and perception.team_working_days is not None
    return (
        STATE_KNOWN
        + PACE_KNOWN * pace_known
        + CALENDAR_KNOWN * (perception.working_days is not None)
        + PEOPLE_KNOWN * people_known
    )


def _reasoning(decision: Decision) -> float:
    # No adjustment at all is known too: an empty tuple, where None says that nobody recorded it.
    return (
        TEXT_KNOWN * (decision.reasoning != "")
        + RULE_KNOWN * (decision.rule is not None)
        + ADJUSTMENTS_KNOWN * (decision.adjustments is not None)
    )


def _action(decision: Decision) -> float:
    if not decision.create_sprint:
        return 1.0  # without a sprint there is no length or amount to know
    length_known = decision.duration_weeks is not None or decision.duration_days is not None
    return (
        CREATION_KNOWN + LENGTH_KNOWN * length_known + AMOUNT_KNOWN * (decision.tasks is not None)
    )


def _outcome(outcome: Outcome | None) -> float:
    if outcome is None:
        return 0.0
    return RESULT_KNOWN + PLAN_KNOWN * (outcome.planned_tasks is not None)
