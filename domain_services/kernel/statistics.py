"""Statistics of sprints: trend, and intervals of means and shares.

Pure functions of numbers. Services and the orchestrator answer with the same formulas.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, variance
from typing import Literal

Interval = tuple[float, float]
Direction = Literal["increasing", "decreasing", "stable"]

MIN_TREND_SPRINTS = 3  # sprints; the standard error of a line through fewer is not defined
MIN_DIRECTION_SPRINTS = 5  # sprints; the direction of fewer is mostly chance
DIRECTION_ERRORS = 1.96  # standard errors; two-sided 95 % of a normal distribution
Z_95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Trend:
    """Least-squares line through the tasks completed in consecutive sprints."""

    slope: float
    """Change in tasks a sprint, per sprint."""
    standard_error: float
    """Standard error of the slope, in the same unit."""
    sprints: int
    """Sprints that the line is fitted to, at least 3."""

    @property
    def direction(self) -> Direction:
        """Name the direction; a slope that chance explains, or of few sprints, is stable."""
        if self.sprints < MIN_DIRECTION_SPRINTS:
            return "stable"
        if abs(self.slope) <= DIRECTION_ERRORS * self.standard_error:
            return "stable"
        return "increasing" if self.slope > 0 else "decreasing"


def fit_trend(completed: Sequence[int]) -> Trend | None:
    """Fit a line to the tasks completed in each sprint, oldest first; None below three sprints.

    Source: ordinary least squares; standard error = sqrt(residual variance / sum of squared
    times), the residual variance with n - 2 degrees of freedom.
    """
    n = len(completed)
    if n < MIN_TREND_SPRINTS:
        return None
    middle, mean = (n - 1) / 2, fmean(completed)
    spread = sum((i - middle) ** 2 for i in range(n))
    slope = sum((i - middle) * (count - mean) for i, count in enumerate(completed)) / spread
    residuals = [count - mean - slope * (i - middle) for i, count in enumerate(completed)]
    residual_variance = sum(residual**2 for residual in residuals) / (n - 2)
    return Trend(slope, math.sqrt(residual_variance / spread), n)


@dataclass(frozen=True)
class Sample:
    """Size, mean and spread of a group of values."""

    size: int
    """Number of values."""
    mean: float
    """Arithmetic mean; 0 without values."""
    variance: float
    """Sample variance with n - 1 degrees of freedom; 0 below two values."""

    @classmethod
    def of(cls, values: Sequence[float]) -> "Sample":
        """Summarise the values."""
        return cls(
            len(values),
            fmean(values) if values else 0.0,
            variance(values) if len(values) > 1 else 0.0,
        )


def mean_interval(sample: Sample, most: float = math.inf) -> Interval | None:
    """Estimate the 95 % interval of the mean of values in 0..`most`, cut off at these bounds.

    None without spread: below two values, and of equal ones. Source: Student's t, 1908.
    """
    if not sample.variance:
        return None
    half = student_t(sample.size - 1) * math.sqrt(sample.variance / sample.size)
    return max(0.0, sample.mean - half), min(most, sample.mean + half)


def difference_interval(new: Sample, old: Sample, most: float = math.inf) -> Interval | None:
    """Estimate the 95 % interval of mean(new) - mean(old), values in 0..`most`.

    None below two values in either group, and when the values of both are equal among themselves.
    Source: Welch, The generalization of "Student's" problem, Biometrika 34, 1947.
    """
    if min(new.size, old.size) < 2:
        return None
    parts = new.variance / new.size, old.variance / old.size
    error = math.sqrt(sum(parts))
    if not error:
        return None
    freedom = error**4 / (parts[0] ** 2 / (new.size - 1) + parts[1] ** 2 / (old.size - 1))
    difference = new.mean - old.mean
    # Rounded down, which widens the interval; 7.9999999 is 8 with an error of computation.
    half = student_t(max(1, int(freedom + 1e-9))) * error
    return max(-most, difference - half), min(most, difference + half)


def student_t(freedom: int) -> float:
    """Compute the 97.5 % quantile of Student's t, within 2 %.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5.
    """
    # The expansion misses the heavy tails of 1 and 2 degrees of freedom, which have closed forms.
    if freedom == 1:
        return math.tan(math.pi * 0.475)
    if freedom == 2:
        return 0.95 / math.sqrt(2 * 0.975 * 0.025)
    z, n = Z_95, freedom
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )


def wilson_interval(successes: int, trials: int) -> Interval | None:
    """Estimate the 95 % score interval of a share; None without trials.

    Source: Wilson, Journal of the American Statistical Association 22, 1927.
    """
    if not trials:
        return None
    share, z2 = successes / trials, Z_95**2
    middle = share + z2 / (2 * trials)
    half = Z_95 * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    return (middle - half) / (1 + z2 / trials), (middle + half) / (1 + z2 / trials)
