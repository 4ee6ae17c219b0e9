"""What a team makes of a plan: its past commitments against what it completed."""

from collections.abc import Sequence
from statistics import fmean

from graphs.evidence.throughput import Sprint, smoothed
from graphs.thresholds import MIN_OWN_SPRINTS, PLAN_WEIGHT, RATIO_WEIGHT


def completed_over_committed(past: Sequence[Sprint]) -> float | None:
    """Tasks completed per task committed, shrunk towards 1; None below three known commitments.

    Above 1 when work that was added later is completed too. A ratio of means, so that a tiny
    sprint does not outweigh a large one; 1 counts for RATIO_WEIGHT sprints of average size.
    Source: ratio estimator, Cochran, Sampling Techniques, 6.1, with a prior.
    """
    known = [(each.completed, each.committed) for each in past if each.committed is not None]
    if len(known) < MIN_OWN_SPRINTS:
        return None
    completed, committed = [float(done) for done, _ in known], [float(plan) for _, plan in known]
    usual = fmean(committed)
    if not usual:
        return None
    return smoothed(completed, usual, RATIO_WEIGHT) / smoothed(committed, usual, RATIO_WEIGHT)


def with_plan(pace: float, ratio: float, planned: int) -> float:
    """Tasks to expect when `planned` are committed to: a mixture of the plan and the pace.

    The plan counts as what the team usually makes of one, `ratio` of it. Teams plan what they
    trust themselves to do, so this says what their plans are worth, not what a larger plan would
    bring about.
    """
    return PLAN_WEIGHT * ratio * planned + (1 - PLAN_WEIGHT) * pace
