"""Estimate what a team makes of a plan: its past commitments against what it completed."""

from collections.abc import Sequence
from statistics import fmean

from graphs.evidence.pace import Sprint
from graphs.thresholds import PLAN_WEIGHT, RATIO_WEIGHT


def completed_over_committed(past: Sequence[Sprint]) -> float:
    """Estimate tasks completed per task committed; 1 without a known commitment.

    Above 1 when work that was added later is completed too. A ratio of sums, so that a tiny sprint
    does not outweigh a large one; "as committed" counts for RATIO_WEIGHT sprints of average size.
    Source: ratio estimator, Cochran, Sampling Techniques, 6.1, with a prior.
    """
    known = known_commitments(past)
    average = fmean(committed for _, committed in known) if known else 0.0
    if not average:
        return 1.0
    prior = RATIO_WEIGHT * average
    completed, committed = (sum(counts) for counts in zip(*known, strict=True))
    return (completed + prior) / (committed + prior)


def known_commitments(past: Sequence[Sprint]) -> list[tuple[int, int]]:
    """List completed and committed tasks of the sprints whose commitment is known."""
    return [
        (sprint.completed_inside, sprint.committed)
        for sprint in past
        if sprint.committed is not None
    ]


def with_scope(pace: float, ratio: float, tasks: int) -> float:
    """Mix the team's pace with what it usually makes of a scope of `tasks`, `ratio` of them."""
    # Teams plan what they trust themselves to do: this is what their plans are worth, not what a
    # larger plan would bring about (docs/adr/0115-own-pace.md).
    return PLAN_WEIGHT * ratio * tasks + (1 - PLAN_WEIGHT) * pace
