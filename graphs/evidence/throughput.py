"""Estimate what a team completes in a sprint from its past sprints, oldest first."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from domain_services.kernel.statistics import ExponentialMean, exponential_mean
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
    """Past sprint of a team."""

    completed: int
    """Tasks that the team finished in the sprint's days."""
    days: int | None = None
    """Calendar days from first to last, both included; None when not known."""
    committed: int | None = None
    """Tasks planned at its start; None when not known, as for most imported sprints."""
    outside: int = 0
    """Finished tasks that were not in the sprint."""

    @property
    def exhausted(self) -> bool:
        """True when all that was planned was completed, and no more.

        The team had nothing left to do, so `completed` is only a lower bound of its capacity: a
        right-censored observation.
        """
        return self.completed == self.committed and not self.outside

    @property
    def completed_inside(self) -> int:
        """Return the finished tasks of the sprint itself, which its commitment is compared with."""
        return self.completed - self.outside


def at_length(past: Sequence[Sprint], days: int | None) -> list[float]:
    """Scale the tasks of each sprint to a length of `days`; unscaled where a length is unknown.

    Twice the days are worth 2^LENGTH_POWER of the tasks: teams fit the size of their tasks and of
    their plans to the cadence.
    """
    return [
        sprint.completed * (days / sprint.days) ** LENGTH_POWER
        if days and sprint.days
        else float(sprint.completed)
        for sprint in past
    ]


def smoothed(counts: Sequence[float], prior: float = 0.0, prior_weight: float = 0.0) -> float:
    """Smooth `counts` exponentially with the factor SMOOTHING, shrunk towards `prior`.

    `prior` is in tasks and counts for `prior_weight` newest sprints.
    Raises: `ValueError` when there is neither history nor a weighted prior.
    """
    return exponential_mean(counts, SMOOTHING, prior, prior_weight)


def expected_pace(
    past: Sequence[Sprint], days: int | None, prior: float, prior_weight: float
) -> float:
    """Estimate the tasks of a sprint of `days`: the smoothed means, weighted by their past errors.

    A team that drifts is followed faster than one that only scatters. `prior` and `prior_weight`
    are as in `smoothed`, the weight above 0.
    Source: exponentially weighted average forecaster, Cesa-Bianchi and Lugosi, Prediction,
    Learning, and Games, 2.1, with standardised absolute errors as losses.
    """
    outcomes = [
        (count, sprint.exhausted) for count, sprint in zip(at_length(past, days), past, strict=True)
    ]
    forecasts = [
        _smooth_and_score(outcomes, factor, prior, prior_weight) for factor in SMOOTHING_FACTORS
    ]
    # Losses are compared with the least one, so that a long history cannot underflow every weight.
    least_loss = min(loss for _, loss in forecasts)
    weights = [math.exp(-MODEL_WEIGHT_RATE * (loss - least_loss)) for _, loss in forecasts]
    means = (mean for mean, _ in forecasts)
    return sum(mean * weight for mean, weight in zip(means, weights, strict=True)) / sum(weights)


def _smooth_and_score(
    outcomes: Sequence[tuple[float, bool]], factor: float, prior: float, prior_weight: float
) -> tuple[float, float]:
    """Smooth (count, exhausted) of each sprint; return the last mean and the sum of its errors."""
    smoothing = ExponentialMean(factor)
    mean, loss = prior, 0.0
    for number, (completed, exhausted) in enumerate(outcomes):
        # An exhausted sprint never lowers the mean: a small plan would prove itself right, and the
        # next one would be smaller still.
        count = max(completed, mean) if exhausted else completed
        # The first sprint is forecast by the prior alone, which says nothing about the factor.
        if number:
            deviation = math.sqrt(max(mean, 1.0) + DISPERSION * mean**2)
            loss += min(abs(count - mean) / deviation, MAX_ERROR)
        smoothing.add(count)
        mean = smoothing.shrunk(prior, prior_weight)
    return mean, loss


def mean_of_last(past: Sequence[Sprint], sprints: int = MEAN_SPRINTS) -> float | None:
    """Average the tasks of the last `sprints`; None when there are fewer."""
    if len(past) < sprints:
        return None
    return sum(sprint.completed for sprint in past[-sprints:]) / sprints
