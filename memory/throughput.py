"""Features of tasks completed per sprint, oldest first; None below the sprints they need.

They describe states that recall compares. Forecasts are made in `graphs/evidence` alone.
"""

from collections.abc import Sequence
from statistics import fmean, pstdev

from domain_services.kernel.statistics import fit_trend

# Weight of the newest sprint. Stored feature vectors hold means smoothed with this factor: with
# another one, new vectors could not be compared with them.
SMOOTHING = 0.3
RECENT = 6  # sprints that spread and trend are computed from
MIN_RECENT = 3  # spread and trend of fewer would be chance


def smoothed(completed: Sequence[int]) -> float | None:
    """Return the exponentially smoothed tasks a sprint; None without a past sprint."""
    if not completed:
        return None
    level = float(completed[0])
    for count in completed[1:]:
        level += SMOOTHING * (count - level)
    return level


def variation(completed: Sequence[int]) -> float | None:
    """Return standard deviation over mean of the recent sprints.

    None below three sprints, and without a completed task.
    """
    recent = completed[-RECENT:]
    if len(recent) < MIN_RECENT or not any(recent):
        return None
    return pstdev(recent) / fmean(recent)


def trend(completed: Sequence[int]) -> float | None:
    """Return the least-squares slope of the recent sprints over their mean, per sprint.

    None below three sprints, and without a completed task.
    """
    recent = completed[-RECENT:]
    if not any(recent):
        return None
    line = fit_trend(recent)
    return line.slope / fmean(recent) if line else None
