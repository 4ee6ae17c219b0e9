"""How many tasks a sprint may complete: a distribution, not a number."""

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
    """The sprint to come: calendar `days`, the team's working time in it, the tasks planned.

    `capacity_share` (0..1) is that time over the time of a window without days off. None where not
    known; without `planned` the forecast is of a sprint that is planned as usual.
    """

    days: int | None = None
    capacity_share: float | None = None
    planned: int | None = None


@dataclass(frozen=True)
class Prediction:
    """`cumulative[n]` is the probability of at most n completed tasks; `mean` in tasks."""

    mean: float
    cumulative: tuple[float, ...]

    def quantile(self, probability: float) -> int:
        """The smallest n with P(at most n) >= `probability`, 0 < probability < 1."""
        return self._first(lambda n: self.at_most(n) >= probability)

    def mid_quantile(self, probability: float) -> int:
        """The smallest n with P(below n) + P(n) / 2 >= `probability`.

        Ordinary quantiles of counts hold more than they promise, these what they promise on
        average. Source: mid-distribution function, Parzen, Statistical Science 19(4), 2004.
        """
        return self._first(lambda n: (self.at_most(n - 1) + self.at_most(n)) / 2 >= probability)

    def interval(self, share: float = INTERVAL) -> tuple[int, int]:
        """The central interval that holds `share` of the outcomes on average, ends included."""
        return self.mid_quantile((1 - share) / 2), self.mid_quantile((1 + share) / 2)

    def promise(self, share: float = PROMISE) -> int:
        """The count that is reached or exceeded in `share` of the sprints on average."""
        return self.mid_quantile(1 - share)

    def at_most(self, count: int) -> float:
        """P(at most `count` completed)."""
        return self.cumulative[min(count, len(self.cumulative) - 1)] if count >= 0 else 0.0

    def at_least(self, count: int) -> float:
        """P(at least `count` completed)."""
        return 1 - self.at_most(count - 1)

    def miss(self, planned: int) -> float:
        """The expected distance between `planned` and the outcome, in tasks."""
        masses = (after - before for before, after in pairwise((0.0, *self.cumulative)))
        return sum(mass * abs(count - planned) for count, mass in enumerate(masses))

    def nearer(self, one: int, other: int) -> float | None:
        """P(the outcome is nearer to `one` than to `other` | no tie); None when they are equal."""
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
    """What the next sprint completes: negative binomial around the shrunken smoothed throughput.

    `past` is oldest first and may be empty. With a plan, and three commitments in the past, the
    expectation is a mixture of both and its spread is smaller. Working time scales the pace in
    proportion, which is an assumption: no public data tells how leave and throughput go together.
    """
    mean, dispersion = _expected(past, prior, window)
    return _around(mean, _scale(_errors(past, window.planned is not None)), dispersion)


def hindsight(past: Sequence[Sprint]) -> Iterator[tuple[Sprint, Prediction]]:
    """Each past sprint with three before it, and what would have been predicted of it then.

    By the pool and the sprints before; what was similar then is not known now.
    """
    errors = _errors(past, planned=False)
    for number in range(MIN_OWN_SPRINTS, len(past)):
        seen = past[number]
        mean, dispersion = _expected(past[:number], POOL, Window(seen.days))
        yield seen, _around(mean, _scale(errors[: number - 1]), dispersion)


def _expected(past: Sequence[Sprint], prior: Prior, window: Window) -> tuple[float, float]:
    """The mean in tasks, and the dispersion that forecasts of its kind have."""
    share = 1.0 if window.capacity_share is None else window.capacity_share
    pace = share * expected_pace(past, window.days, prior.mean, prior.weight)
    ratio = None if window.planned is None else completed_over_committed(past)
    if window.planned is None or ratio is None:
        return max(SMALLEST_MEAN, pace), DISPERSION
    return max(SMALLEST_MEAN, with_plan(pace, ratio, window.planned)), PLAN_DISPERSION


def _variance(mean: float, dispersion: float) -> float:
    return mean + dispersion * mean**2


def _errors(past: Sequence[Sprint], planned: bool) -> list[float | None]:
    """The standardised squared error of each sprint but the first, predicted from those before.

    None for an exhausted one that was expected to do more: how far it would have gone is unknown.
    """
    errors: list[float | None] = []
    for number in range(1, len(past)):
        seen = past[number]
        window = Window(seen.days, None, seen.committed if planned else None)
        mean, dispersion = _expected(past[:number], POOL, window)
        squared = (seen.completed - mean) ** 2 / _variance(mean, dispersion)
        unknown = seen.exhausted and seen.completed < mean
        errors.append(None if unknown else min(squared, MAX_ERROR**2))
    return errors


def _scale(errors: Sequence[float | None]) -> float:
    """How much more (above 1) or less a team scatters than teams do, from its one-step errors.

    Source: mean squared Pearson residual (the dispersion estimate of a quasi-likelihood model,
    McCullagh and Nelder, Generalized Linear Models, 9.2), shrunk towards 1 by pseudo-errors.
    """
    known = [each for each in errors if each is not None]
    return (DISPERSION_WEIGHT + sum(known)) / (DISPERSION_WEIGHT + len(known))


def _around(mean: float, scale: float, dispersion: float) -> Prediction:
    variance = scale * _variance(mean, dispersion)
    return Prediction(mean, tuple(accumulate(_masses(mean, variance))))


def _masses(mean: float, variance: float) -> Iterator[float]:
    """P(n) for n = 0, 1, ... until 1e-6 is left: negative binomial, Poisson if not overdispersed.

    Source: Panjer's recurrence, P(n) = P(n - 1) * (a + b / n), with size r = mean^2 / (variance -
    mean) and a = mean / (r + mean); a = 0 and b = mean for Poisson.
    """
    if variance > mean * 1.001:
        size = mean**2 / (variance - mean)
        a = mean / (size + mean)
        b, log_mass = (size - 1) * a, size * math.log1p(-a)
    else:
        a, b, log_mass = 0.0, mean, -mean
    # In logarithms: the first masses of a large mean are too small for a float.
    left, n, most = 1.0, 0, mean + 20 * math.sqrt(max(variance, mean)) + 20
    while left > 1e-6 and n < most:
        mass = math.exp(log_mass)
        yield mass
        left, n = left - mass, n + 1
        log_mass += math.log(a + b / n)
