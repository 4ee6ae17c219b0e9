"""Scores with bounds; teams are drawn again, not sprints, since sprints of a team are alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 2000
SEED = 20250101
# Teams that bounds ask for. With three, each end is the figure of one team drawn three times (1 in
# 27 draws, and 1 in 40 are cut off); with one, both are the value itself and look like proof.
# Four can be drawn in 35 ways only, five in 126. Bounds of few teams stay too narrow.
MIN_TEAMS = 5
TOO_FEW = f"too few for bounds: {MIN_TEAMS} teams or blocks needed"


@dataclass(frozen=True)
class Bounded:
    """A figure with its 95 % bounds over draws of teams; None where nothing was counted.

    Of fewer than MIN_TEAMS teams the bounds are None, and `reason` says so.
    """

    value: float | None
    low: float | None
    high: float | None
    reason: str | None = None


NOTHING = Bounded(None, None, None)


def ratio(above: Floats, below: Floats, teams: Sequence[str]) -> Bounded:
    """sum(above) / sum(below), both one number a case, with bounds by team-level bootstrap.

    A team counts towards MIN_TEAMS when it has a part in sum(below).
    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 13.3 (percentiles), on clusters.
    """
    if not below.sum():
        return NOTHING
    names, member = np.unique(np.asarray(teams), return_inverse=True)
    tops = np.bincount(member, weights=above)
    bottoms = np.bincount(member, weights=below)
    value = float(above.sum() / below.sum())
    if np.count_nonzero(bottoms) < MIN_TEAMS:
        return Bounded(value, None, None, TOO_FEW)
    drawn = np.random.default_rng(SEED).integers(0, len(names), (DRAWS, len(names)))
    bottom = bottoms[drawn].sum(axis=1)
    ratios = tops[drawn].sum(axis=1)[bottom > 0] / bottom[bottom > 0]
    low, high = np.percentile(ratios, [2.5, 97.5])
    return Bounded(value, float(low), float(high))


def share(holds: Floats, teams: Sequence[str]) -> Bounded:
    """The mean over cases, with bounds."""
    return ratio(holds, np.ones(len(holds)), teams)


def pinball(outcomes: Floats, quantiles: Floats, level: float) -> float:
    """The mean quantile loss in tasks, lower is better.

    Source: Koenker and Bassett, Econometrica 46(1), 1978.
    """
    below = outcomes - quantiles
    return float(np.maximum(level * below, (level - 1) * below).mean())
