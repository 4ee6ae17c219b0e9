"""What a team completes in a sprint, from its past sprints (oldest first)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from graphs.thresholds import (
    DISPERSION,
    LENGTH_POWER,
    MAX_ERROR,
    MEAN_SPRINTS,
    MODEL_WEIGHT_RATE,
    SMOOTHING,
    SMOOTHING_FACTORS,
)


@dataclass(frozen=True)
class Sprint:
    """A past sprint: tasks `completed`, calendar `days`, tasks `committed` to at its start.

    None where it is not known; imported history knows no commitment.
    """

    completed: int
    days: int | None = None
    committed: int | None = None

    @property
    def exhausted(self) -> bool:
        """Whether all that was planned was completed, and no more: there was nothing left to do.

        What the team could have completed is then at least `completed`; how much more is unknown.
        """
        return self.completed == self.committed


def at_length(past: Sequence[Sprint], days: int | None) -> list[float]:
    """Tasks of each sprint as if it had lasted `days`; as they are where a length is not known.

    Twice the days are worth 2^LENGTH_POWER of the tasks: teams fit the size of their tasks and of
    their plans to the cadence.
    """
    return [
        each.completed * (days / each.days) ** LENGTH_POWER
        if days and each.days
        else float(each.completed)
        for each in past
    ]


def smoothed(counts: Sequence[float], prior: float = 0.0, prior_weight: float = 0.0) -> float:
    """The exponentially weighted mean of `counts`, shrunk towards `prior`.

    The newest weighs 1, each older one 1 - SMOOTHING of the next; the prior counts for
    `prior_weight` newest ones, so a short history leans on it and a long one does not.
    Raises: `ValueError` when there is neither history nor a weighted prior.
    Source: simple exponential smoothing in its weighted-average form with normalised weights,
    Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 8.1.
    """
    weight, total = prior_weight, prior_weight * prior
    share = 1.0
    for count in reversed(counts):
        weight, total = weight + share, total + share * count
        share *= 1 - SMOOTHING
    if not weight:
        raise ValueError("no sprints and no prior: nothing to smooth")
    return total / weight


def level(past: Sequence[Sprint], days: int | None, prior: float, prior_weight: float) -> float:
    """Tasks to expect in `days`: a mixture of the smoothed paces.

    A team that drifts is followed faster than one that only scatters. `prior` and `prior_weight`
    as in `smoothed`, the weight above 0. An exhausted sprint never lowers the expectation: a small
    plan would otherwise prove itself right, and the next one be smaller.
    Source: exponentially weighted average forecaster, Cesa-Bianchi and Lugosi, Prediction,
    Learning, and Games, 2.1, with standardised absolute errors as losses.
    """
    seen = [
        (count, sprint.exhausted) for count, sprint in zip(at_length(past, days), past, strict=True)
    ]
    runs = [_run(seen, speed, prior, prior_weight) for speed in SMOOTHING_FACTORS]
    least = min(loss for _, loss in runs)
    trust = [math.exp(-MODEL_WEIGHT_RATE * (loss - least)) for _, loss in runs]
    means = (mean for mean, _ in runs)
    return sum(mean * share for mean, share in zip(means, trust, strict=True)) / sum(trust)


def _run(
    seen: Sequence[tuple[float, bool]], speed: float, prior: float, prior_weight: float
) -> tuple[float, float]:
    """The smoothed mean at the end, and the sum of its one-step errors on the way."""
    weight = total = loss = 0.0
    mean = prior
    for number, (completed, exhausted) in enumerate(seen):
        count = max(completed, mean) if exhausted else completed
        if number:
            deviation = math.sqrt(max(mean, 1.0) + DISPERSION * mean**2)
            loss += min(abs(count - mean) / deviation, MAX_ERROR)
        weight, total = weight * (1 - speed) + 1, total * (1 - speed) + count
        mean = (total + prior_weight * prior) / (weight + prior_weight)
    return mean, loss


def mean_of_last(past: Sequence[Sprint], sprints: int = MEAN_SPRINTS) -> float | None:
    """The mean of the last `sprints`, in tasks; None when there are fewer."""
    if len(past) < sprints:
        return None
    return sum(each.completed for each in past[-sprints:]) / sprints
