"""Estimate what a team makes of a plan: its past commitments against what it completed."""

from collections.abc import Sequence
from statistics import fmean

from graphs.evidence.throughput import Sprint, smoothed
from graphs.thresholds import MIN_OWN_SPRINTS, PLAN_WEIGHT, RATIO_WEIGHT


def completed_over_committed(past: Sequence[Sprint]) -> float | None:
    """Estimate tasks completed per task committed; None below three known commitments.

    Above 1 when work that was added later is completed too. A ratio of means, so that a tiny
    sprint does not outweigh a large one; 1 counts for RATIO_WEIGHT sprints of average size.
    Source: ratio estimator, Cochran, Sampling Techniques, 6.1, with a prior.
    """
    known = [
        (float(sprint.completed_inside), float(sprint.committed))
        for sprint in past
        if sprint.committed is not None
    ]
    if len(known) < MIN_OWN_SPRINTS:
        return None
    completed = [count for count, _ in known]
    committed = [count for _, count in known]
    average = fmean(committed)
    if not average:
        return None
    return smoothed(completed, average, RATIO_WEIGHT) / smoothed(committed, average, RATIO_WEIGHT)


def with_plan(pace: float, ratio: float, planned: int) -> float:
    """Mix the team's pace with what it usually makes of `planned` tasks, `ratio` of them."""
    # Teams plan what they trust themselves to do: this is what their plans are worth, not what a
    # larger plan would bring about (docs/adr/0025-recommended-count.md).
    return PLAN_WEIGHT * ratio * planned + (1 - PLAN_WEIGHT) * pace
