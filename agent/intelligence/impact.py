"""Enhanced decisions beside rule-based ones, by how their sprints ended."""

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, variance

from agent.intelligence.schema import (
    DecisionImpact,
    Difference,
    Group,
    Interval,
    Recommendations,
)
from agent.learning.learner import lesson
from graphs.evidence.calibration import table
from memory.decision_outcomes import EndedDecision

LEAST_OUTCOMES = 5  # of either source; an interval of fewer says nothing
NO_SPREAD = "all values are equal: no spread to estimate an interval from"
Z_95 = NormalDist().inv_cdf(0.975)


def compare(
    project_id: str, ended: Sequence[EndedDecision], decisions: dict[str, int]
) -> DecisionImpact:
    """`decisions` counts the decisions to create a sprint by source, ended or not."""
    enhanced = [each for each in ended if each.decision_source == "intelligence_enhanced"]
    ruled = [each for each in ended if each.decision_source == "rule_based_only"]
    enough = min(len(enhanced), len(ruled)) >= LEAST_OUTCOMES
    reasons: dict[str, str] = {}
    if not enough:
        few = (
            f"not enough data: {len(enhanced)} enhanced and {len(ruled)} rule-based decisions have"
            f" an outcome, {LEAST_OUTCOMES} of each are needed"
        )
        reasons = dict.fromkeys(("completion_rate_difference", "miss_difference"), few)
    rates = difference(_rates(enhanced), _rates(ruled), 1.0) if enough else _NO_DIFFERENCE
    misses = difference(_misses(enhanced), _misses(ruled)) if enough else _NO_DIFFERENCE
    return DecisionImpact(
        project_id=project_id,
        conclusion=reasons.get("miss_difference") or _conclude(misses),
        intelligence_enhanced=_group(enhanced, decisions.get("intelligence_enhanced", 0)),
        rule_based=_group(ruled, decisions.get("rule_based_only", 0)),
        completion_rate_difference=rates,
        miss_difference=misses,
        recommendations=_recommendations(ended),
        reasons=reasons | _without_spread(enhanced, ruled),
    )


def t_95(freedom: int) -> float:
    """The 97.5 % quantile of Student's t, within 2 % from 3 degrees of freedom on.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5.
    """
    z, n = Z_95, freedom
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )


def mean_95(values: Sequence[float], most: float = math.inf) -> Interval | None:
    """The 95 % interval of a mean of values in 0..`most`, as far as it is possible.

    None below `LEAST_OUTCOMES` values, and of equal values.
    """
    if len(values) < LEAST_OUTCOMES or not variance(values):
        return None
    half = t_95(len(values) - 1) * math.sqrt(variance(values) / len(values))
    return max(0.0, fmean(values) - half), min(most, fmean(values) + half)


def difference(new: Sequence[float], old: Sequence[float], most: float = math.inf) -> Difference:
    """Mean of `new` less mean of `old`, values in 0..`most`. Source: Welch's t, 1947.

    Without an interval when the values of both are equal among themselves.
    """
    if min(len(new), len(old)) < LEAST_OUTCOMES:
        return _NO_DIFFERENCE
    value = fmean(new) - fmean(old)
    parts = variance(new) / len(new), variance(old) / len(old)
    error = math.sqrt(sum(parts))
    if not error:
        return Difference(value=value, interval_95=None)
    freedom = error**4 / sum(
        part**2 / (len(group) - 1) for part, group in zip(parts, (new, old), strict=True)
    )
    half = t_95(max(1, int(freedom))) * error
    return Difference(value=value, interval_95=(max(-most, value - half), min(most, value + half)))


def wilson_95(won: int, of: int) -> Interval | None:
    """The 95 % score interval of a share; None of nothing. Source: Wilson, 1927."""
    if not of:
        return None
    share, z2 = won / of, Z_95**2
    middle = share + z2 / (2 * of)
    half = Z_95 * math.sqrt(share * (1 - share) / of + z2 / (4 * of**2))
    return (middle - half) / (1 + z2 / of), (middle + half) / (1 + z2 / of)


_NO_DIFFERENCE = Difference(value=None, interval_95=None)


def _rates(ended: Sequence[EndedDecision]) -> list[float]:
    return [each.completion_rate for each in ended if each.completion_rate is not None]


def _misses(ended: Sequence[EndedDecision]) -> list[float]:
    return [float(abs(each.planned_tasks - each.completed_tasks)) for each in ended]


def _group(ended: Sequence[EndedDecision], decisions: int) -> Group:
    rates, misses = _rates(ended), _misses(ended)
    return Group(
        decisions=decisions,
        outcomes=len(ended),
        completion_rate=fmean(rates) if rates else None,
        completion_rate_95=mean_95(rates, 1.0),
        mean_miss=fmean(misses) if misses else None,
        mean_miss_95=mean_95(misses),
    )


def _without_spread(
    enhanced: Sequence[EndedDecision], ruled: Sequence[EndedDecision]
) -> dict[str, str]:
    """Why an interval is null although there are enough outcomes."""
    rates, misses = (_rates(enhanced), _rates(ruled)), (_misses(enhanced), _misses(ruled))
    behind = {
        "intelligence_enhanced.completion_rate_95": rates[:1],
        "intelligence_enhanced.mean_miss_95": misses[:1],
        "rule_based.completion_rate_95": rates[1:],
        "rule_based.mean_miss_95": misses[1:],
        "completion_rate_difference.interval_95": rates,
        "miss_difference.interval_95": misses,
    }
    return {
        name: NO_SPREAD
        for name, groups in behind.items()
        if all(len(each) >= LEAST_OUTCOMES and not variance(each) for each in groups)
    }


def _recommendations(ended: Sequence[EndedDecision]) -> Recommendations:
    lessons = [(each, found) for each in ended if (found := lesson(each))]
    won = sum(found.seen.won for _, found in lessons)
    stated = [
        (each.stated_confidence, found.seen.won)
        for each, found in lessons
        if each.stated_confidence is not None
    ]
    return Recommendations(
        compared=len(lessons),
        won=won,
        lost=len(lessons) - won,
        win_rate=won / len(lessons) if lessons else None,
        win_rate_95=wilson_95(won, len(lessons)),
        table=table(stated),
    )


def _conclude(misses: Difference) -> str:
    if misses.value is None:
        return "not enough data"
    if misses.interval_95 is None:
        return f"nothing is concluded: {NO_SPREAD}"
    low, high = misses.interval_95
    told = f"plan and outcome lie {abs(misses.value):.1f} tasks"
    if low <= 0 <= high:
        return f"no difference is shown: {told} apart in difference, chance explains as much"
    nearer = "nearer together" if high < 0 else "further apart"
    return f"with enhanced decisions {told} {nearer} ({low:+.1f} to {high:+.1f})"
