"""Whether a team speeds up or slows down."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from graphs.thresholds import MIN_OWN_SPRINTS


@dataclass(frozen=True)
class Trend:
    """`slope` and its `standard_error` in tasks a sprint per sprint, over `sprints` sprints."""

    slope: float
    standard_error: float
    sprints: int

    @property
    def direction(self) -> str:
        """`rising` or `falling` when the slope exceeds two standard errors, `stable` otherwise."""
        if abs(self.slope) <= 2 * self.standard_error:
            return "stable"
        return "rising" if self.slope > 0 else "falling"


def trend(completed: Sequence[int]) -> Trend | None:
    """The least-squares line through `completed`, oldest first; None below three sprints.

    Source: ordinary least squares; se = sqrt(residual variance / sum of squares of time), the
    residual variance with n - 2 degrees of freedom.
    """
    n = len(completed)
    if n < MIN_OWN_SPRINTS:
        return None
    middle, mean = (n - 1) / 2, sum(completed) / n
    spread = sum((i - middle) ** 2 for i in range(n))
    slope = sum((i - middle) * (count - mean) for i, count in enumerate(completed)) / spread
    residuals = [count - mean - slope * (i - middle) for i, count in enumerate(completed)]
    variance = sum(each**2 for each in residuals) / (n - 2)
    return Trend(slope, math.sqrt(variance / spread), n)
