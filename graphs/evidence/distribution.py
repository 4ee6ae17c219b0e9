"""Predict the tasks that a sprint completes, as a probability distribution."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from graphs.evidence.commitment import completed_over_committed, with_plan
from graphs.evidence.neighbours import POOL, Prior
from graphs.evidence.throughput import Sprint, expected_pace
from graphs.thresholds import (
    DISPERSION,
    DISPERSION_WEIGHT,
    INTERVAL,
    MAX_ERROR,
    MIN_OWN_SPRINTS,
    PLAN_DISPERSION,
    PROMISE,
    SMALLEST_MEAN,
)


@dataclass(frozen=True)
class Window:
    """The sprint to come."""

    days: int | None = None
    """Calendar days; None when not known."""
    capacity_share: float | None = None
    """Working time over that of a window without days off, 0..1; None when not known."""
    planned: int | None = None
    """Tasks planned; None for a sprint that is planned as usual."""


@dataclass(frozen=True)
class Prediction:
    """Distribution of the tasks that a sprint completes."""

    mean: float
    """Expected tasks."""
    cumulative: tuple[float, ...]
    """At place n the probability of at most n completed tasks."""

    def quantile(self, probability: float) -> int:
        """Return the smallest n with P(at most n) >= `probability`, 0 < probability < 1."""
        return self._first(lambda n: self.at_most(n) >= probability)

    def mid_quantile(self, probability: float) -> int:
        """Return the smallest n with P(below n) + P(n) / 2 >= `probability`.

        Ordinary quantiles of counts cover more than their probability, these cover it on average.
        Source: mid-distribution function, Parzen, Statistical Science 19(4), 2004.
        """
        return self._first(lambda n: (self.at_most(n - 1) + self.at_most(n)) / 2 >= probability)

    def interval(self, share: float = INTERVAL) -> tuple[int, int]:
        """Return the central interval of `share` of the outcomes on average, ends included."""
        return self.mid_quantile((1 - share) / 2), self.mid_quantile((1 + share) / 2)

    def promise(self, share: float = PROMISE) -> int:
        """Return the count that is reached or exceeded in `share` of the sprints on average."""
        return self.mid_quantile(1 - share)

    def at_most(self, count: int) -> float:
        """Return P(at most `count` completed)."""
        return self.cumulative[min(count, len(self.cumulative) - 1)] if count >= 0 else 0.0

    def at_least(self, count: int) -> float:
        """Return P(at least `count` completed)."""
        return 1 - self.at_most(count - 1)

    def expected_miss(self, planned: int) -> float:
        """Return the expected distance between `planned` and the outcome, in tasks."""
        masses = (after - before for before, after in pairwise((0.0, *self.cumulative)))
        return sum(mass * abs(count - planned) for count, mass in enumerate(masses))

    def probability_nearer(self, one: int, other: int) -> float | None:
        """Return P(the outcome is nearer to `one` than to `other` | no tie); None if equal."""
        if one == other:
            return None
        low, high = min(one, other), max(one, other)
        below = self.at_most((low + high - 1) // 2)
        above = self.at_least((low + high) // 2 + 1)
        return (below if one < other else above) / (below + above)

    def _first(self, holds: Callable[[int], bool]) -> int:
        last = len(self.cumulative) - 1
        return next((n for n in range(last) if holds(n)), last)


UNKNOWN_WINDOW = Window()


def predict(
    past: Sequence[Sprint], prior: Prior = POOL, window: Window = UNKNOWN_WINDOW
) -> Prediction:
    """Predict the next sprint: negative binomial around the expected pace.

    `past` is oldest first and may be empty. With a plan, and three commitments in the past, the
    expectation is a mixture of both and its spread is smaller (docs/adr/0024-expectation.md).
    """
    mean, dispersion = _expected(past, prior, window)
    return _around(mean, _scale(_errors(past, window.planned is not None)), dispersion)


def expected_tasks(past: Sequence[Sprint], prior: Prior, window: Window) -> float:
    """Compute the mean of `predict` alone."""
    # The spread needs a forecast of every past sprint: most of the time that a prediction takes.
    return _expected(past, prior, window)[0]


def past_predictions(past: Sequence[Sprint]) -> Iterator[tuple[Sprint, Prediction]]:
    """Predict each past sprint with three before it from the sprints before it alone."""
    errors = _errors(past, planned=False)
    for number in range(MIN_OWN_SPRINTS, len(past)):
        sprint = past[number]
        # By the pool: the episodes that were similar on that day are not known today.
        mean, dispersion = _expected(past[:number], POOL, Window(sprint.days))
        yield sprint, _around(mean, _scale(errors[: number - 1]), dispersion)


def _expected(past: Sequence[Sprint], prior: Prior, window: Window) -> tuple[float, float]:
    """Return the mean in tasks, and the dispersion of forecasts of its kind."""
    # Working time scales the pace in proportion. That is an assumption: no public data shows how
    # leave and throughput go together.
    share = 1.0 if window.capacity_share is None else window.capacity_share
    pace = share * expected_pace(past, window.days, prior.mean, prior.weight)
    ratio = None if window.planned is None else completed_over_committed(past)
    if window.planned is None or ratio is None:
        return max(SMALLEST_MEAN, pace), DISPERSION
    return max(SMALLEST_MEAN, with_plan(pace, ratio, window.planned)), PLAN_DISPERSION


def _variance(mean: float, dispersion: float) -> float:
    return mean + dispersion * mean**2


def _errors(past: Sequence[Sprint], planned: bool) -> list[float | None]:
    """Return the standardised squared error of each sprint but the first.

    Each is predicted from those before it.
    """
    errors: list[float | None] = []
    for number in range(1, len(past)):
        sprint = past[number]
        window = Window(sprint.days, None, sprint.committed if planned else None)
        mean, dispersion = _expected(past[:number], POOL, window)
        # With its plan known, the tasks of the plan are forecast.
        completed = sprint.completed_inside if planned else sprint.completed
        squared = (completed - mean) ** 2 / _variance(mean, dispersion)
        # An exhausted sprint that was expected to do more has no known error: nobody knows how many
        # tasks a larger plan would have completed.
        unknown = sprint.exhausted and sprint.completed < mean
        errors.append(None if unknown else min(squared, MAX_ERROR**2))
    return errors


def _scale(errors: Sequence[float | None]) -> float:
    """Estimate how much more (above 1) or less a team scatters than teams do.

    Source: mean squared Pearson residual (the dispersion estimate of a quasi-likelihood model,
    McCullagh and Nelder, Generalized Linear Models, 9.2), shrunk towards 1 by pseudo-errors.
    """
    known = [error for error in errors if error is not None]
    return (DISPERSION_WEIGHT + sum(known)) / (DISPERSION_WEIGHT + len(known))


def _around(mean: float, scale: float, dispersion: float) -> Prediction:
    variance = scale * _variance(mean, dispersion)
    return Prediction(mean, tuple(accumulate(_masses(mean, variance))))


def _masses(mean: float, variance: float) -> Iterator[float]:
    """Yield P(n) for n = 0, 1, ... until 1e-6 is left: negative binomial, or Poisson.

    Source: Panjer's recurrence, P(n) = P(n - 1) * (a + b / n), with size r = mean^2 / (variance -
    mean) and a = mean / (r + mean); a = 0 and b = mean for Poisson.
    """
    # Without overdispersion the size of a negative binomial grows beyond a float: Poisson then.
    if variance > mean * 1.001:
        size = mean**2 / (variance - mean)
        a = mean / (size + mean)
        b, log_mass = (size - 1) * a, size * math.log1p(-a)
    else:
        a, b, log_mass = 0.0, mean, -mean
    # In logarithms: the first masses of a large mean are too small for a float.
    remaining, n, most = 1.0, 0, mean + 20 * math.sqrt(max(variance, mean)) + 20
    while remaining > 1e-6 and n < most:
        mass = math.exp(log_mass)
        yield mass
        remaining, n = remaining - mass, n + 1
        log_mass += math.log(a + b / n)
