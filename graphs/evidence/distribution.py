"""Distribution of the tasks that a sprint, or several, complete."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

from graphs.thresholds import INTERVAL, PROMISE, SMALLEST_MEAN, UNFORESEEN

TAIL = 1e-3  # probability beyond the last count of the geometric part


@dataclass(frozen=True)
class Distribution:
    """Distribution of a number of completed tasks."""

    mean: float
    """Expected tasks."""
    variance: float
    """Variance of the tasks, without the share that no past foresees."""
    cumulative: tuple[float, ...]
    """At place n the probability of at most n completed tasks."""

    def quantile(self, probability: float) -> int:
        """Return the smallest n with P(at most n) >= `probability`, 0 < probability < 1."""
        return self._first(lambda n: self.at_most(n) >= probability)

    def most_with(self, certainty: float) -> int:
        """Return the largest n that is reached with at least `certainty`, 0 < certainty < 1."""
        return self.quantile(1 - certainty)

    def interval(self, share: float = INTERVAL) -> tuple[int, int]:
        """Return the central interval of `share` of the outcomes on average, ends included."""
        low = self._mid_quantile((1 - share) / 2)
        # The largest count whose mid-probability stays below the upper end. The smallest one above
        # it, as at the lower end, would hold one probability too many.
        high = self._first(lambda n: self._middle(n + 1) > (1 + share) / 2)
        return low, max(low, high)

    def promise(self, share: float = PROMISE) -> int:
        """Return the count that is reached or exceeded in `share` of the sprints on average."""
        return self._mid_quantile(1 - share)

    def at_most(self, count: int) -> float:
        """Return P(at most `count` completed)."""
        return self.cumulative[min(count, len(self.cumulative) - 1)] if count >= 0 else 0.0

    def at_least(self, count: int) -> float:
        """Return P(at least `count` completed)."""
        return 1 - self.at_most(count - 1)

    def expected_miss(self, planned: int) -> float:
        """Return the expected distance between `planned` and the outcome, in tasks."""
        return sum(mass * abs(count - planned) for count, mass in enumerate(self._masses()))

    def probability_nearer(self, one: int, other: int) -> float | None:
        """Return P(the outcome is nearer to `one` than to `other` | no tie); None if equal."""
        if one == other:
            return None
        low, high = min(one, other), max(one, other)
        below = self.at_most((low + high - 1) // 2)
        above = self.at_least((low + high) // 2 + 1)
        return (below if one < other else above) / (below + above)

    def _mid_quantile(self, probability: float) -> int:
        """Return the smallest n with P(below n) + P(n) / 2 >= `probability`.

        Ordinary quantiles of counts cover more than their probability, these cover it on average.
        Source: mid-distribution function, Parzen, Statistical Science 19(4), 2004.
        """
        return self._first(lambda n: self._middle(n) >= probability)

    def _middle(self, count: int) -> float:
        return (self.at_most(count - 1) + self.at_most(count)) / 2

    def _masses(self) -> Iterator[float]:
        return (after - before for before, after in pairwise((0.0, *self.cumulative)))

    def _first(self, holds: Callable[[int], bool]) -> int:
        last = len(self.cumulative) - 1
        return next((n for n in range(last) if holds(n)), last)


def around(mean: float, variance: float, unforeseen: float | None = None) -> Distribution:
    """Distribute tasks around `mean`; a few sprints follow no past.

    A share `unforeseen` is geometric with the same mean, the rest has `variance`. None:
    UNFORESEEN, the share of sprints.
    """
    share = UNFORESEEN if unforeseen is None else unforeseen
    mean = max(SMALLEST_MEAN, mean)
    foreseen = list(_panjer_masses(mean, variance))
    ratio = mean / (1 + mean)
    # The geometric part has the longer tail: it is followed until almost nothing is left.
    tail = math.ceil(math.log(TAIL / share) / math.log(ratio)) if share > TAIL else 0
    foreseen += [0.0] * max(0, tail - len(foreseen))
    mixed = (
        (1 - share) * mass + share * ratio**count / (1 + mean)
        for count, mass in enumerate(foreseen)
    )
    # Rounding may lift the last sums above 1.
    return Distribution(mean, variance, tuple(min(1.0, total) for total in accumulate(mixed)))


def _panjer_masses(mean: float, variance: float) -> Iterator[float]:
    """Yield P(n) for n = 0, 1, ... until 1e-6 is left: negative binomial, Poisson or binomial.

    Source: Panjer's recurrence, P(n) = P(n - 1) * (a + b / n), ASTIN Bulletin 12(1), 1981. Negative
    binomial: size r = mean^2 / (variance - mean), a = mean / (r + mean), b = (r - 1) * a. Poisson:
    a = 0, b = mean. Binomial of k trials: a = -p / (1 - p), b = -(k + 1) * a.
    """
    a, b, log_mass = _panjer_numbers(mean, variance)
    # In logarithms: the first masses of a large mean are too small for a float.
    remaining, n = 1.0, 0
    most = mean + 20 * math.sqrt(max(variance, mean)) + 20
    while remaining > 1e-6 and n < most:
        mass = math.exp(log_mass)
        yield mass
        remaining, n = remaining - mass, n + 1
        factor = a + b / n
        # All trials of a binomial are used up.
        if factor <= 1e-12:
            return
        log_mass += math.log(factor)


def _panjer_numbers(mean: float, variance: float) -> tuple[float, float, float]:
    """Return a, b and log P(0) of Panjer's recurrence."""
    # Near a Poisson distribution the size of the others grows beyond a float.
    if abs(variance - mean) <= 0.001 * mean:
        return 0.0, mean, -mean
    if variance > mean:
        size = mean**2 / (variance - mean)
        a = mean / (size + mean)
        return a, (size - 1) * a, size * math.log1p(-a)
    trials = max(math.ceil(mean + 1e-9), round(mean / (1 - variance / mean)))
    share = mean / trials
    if share >= 1:
        return 0.0, mean, -mean
    a = -share / (1 - share)
    return a, -(trials + 1) * a, trials * math.log1p(-share)
