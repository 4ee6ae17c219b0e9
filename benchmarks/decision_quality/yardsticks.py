"""Simple plans that every decision is measured against, from past sprints, oldest first."""

from collections.abc import Callable, Sequence
from statistics import fmean, median

from benchmarks.decision_quality.replay import Case

CONSTANT = 10.0  # tasks, what most teams were given before there was evidence
SMOOTHING_WEIGHT = 0.3  # of the newest sprint
TRIMMED_SPRINTS = 6  # newest sprints of the trimmed mean
ENOUGH_TO_TRIM = 4  # sprints from which on best and worst are left out
LENGTH_POWER = 0.25  # tasks grow with this power of the days


def smoothing(counts: Sequence[float]) -> float:
    """Smooth the counts exponentially, at least one."""
    level = counts[0]
    for count in counts[1:]:
        level += SMOOTHING_WEIGHT * (count - level)
    return level


def trimmed(counts: Sequence[float]) -> float:
    """Average the last six, at least one, without the best and the worst; median below four."""
    last = sorted(counts[-TRIMMED_SPRINTS:])
    return fmean(last[1:-1]) if len(last) >= ENOUGH_TO_TRIM else median(last)


def _counts(case: Case) -> list[float]:
    return [float(sprint.completed) for sprint in case.evidence.history]


def _at_length(case: Case) -> list[float]:
    days = case.evidence.days
    return [
        sprint.completed * (days / sprint.days) ** LENGTH_POWER
        if days and sprint.days
        else float(sprint.completed)
        for sprint in case.evidence.history
    ]


# Each needs a sprint before the case.
YARDSTICKS: dict[str, Callable[[Case], float]] = {
    "constant_10": lambda case: CONSTANT,
    "last_sprint": lambda case: _counts(case)[-1],
    "mean_of_3": lambda case: fmean(_counts(case)[-3:]),
    "median_of_3": lambda case: median(_counts(case)[-3:]),
    "mean_of_6": lambda case: fmean(_counts(case)[-6:]),
    "last_6_without_best_and_worst": lambda case: trimmed(_counts(case)),
    "the_same_at_the_length_of_the_sprint": lambda case: trimmed(_at_length(case)),
    "smoothing_0_3": lambda case: smoothing(_counts(case)),
}


def planned(name: str, cases: Sequence[Case]) -> list[int]:
    """Plan each case by a yardstick, in whole tasks."""
    return [round(YARDSTICKS[name](case)) for case in cases]
