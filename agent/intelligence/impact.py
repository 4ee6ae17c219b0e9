"""Compare enhanced decisions with rule-based ones by how their sprints ended."""

import math
from collections.abc import Sequence
from statistics import fmean, variance

from agent.intelligence.schema import (
    DecisionImpact,
    Difference,
    Group,
    Interval,
    Recommendations,
)
from agent.learning.learner import as_observation
from domain_services.chronicle.schema import DecisionEffect
from domain_services.kernel.statistics import (
    Sample,
    difference_interval,
    mean_interval,
    wilson_interval,
)
from graphs.evidence.calibration import reliability_table
from memory.decision import DecisionSource
from memory.decision_outcomes import EndedDecision
from memory.statistics import DecisionCount

# Outcomes of either source. An interval of fewer is so wide that it would only be mistaken for a
# result.
LEAST_OUTCOMES = 5
NO_SPREAD = "all values are equal: no spread to estimate an interval from"

_NO_DIFFERENCE = Difference(value=None, interval_95=None)


def compare(
    project_id: str, outcomes: Sequence[EndedDecision], decisions: Sequence[DecisionCount]
) -> DecisionImpact:
    """Compare decisions of both sources whose sprints have ended.

    `decisions` counts the recorded decisions by source and effect, ended or not. Outcomes of
    simulated sprints are counted apart.
    """
    simulated = sum(decision.simulated for decision in outcomes)
    outcomes = [decision for decision in outcomes if not decision.simulated]
    enhanced = [decision for decision in outcomes if _is_enhanced(decision)]
    rule_based = [decision for decision in outcomes if not _is_enhanced(decision)]
    rates = difference(_rates(enhanced), _rates(rule_based), 1.0)
    misses = difference(_misses(enhanced), _misses(rule_based))
    reasons = _reasons_of_too_few(enhanced, rule_based)
    return DecisionImpact(
        project_id=project_id,
        conclusion=reasons.get("miss_difference") or _conclusion(misses),
        intelligence_enhanced=_group(enhanced, _acted(decisions, "intelligence_enhanced")),
        rule_based=_group(rule_based, _acted(decisions, "rule_based_only")),
        shadow_decisions=_count(decisions, "shadow"),
        dry_runs=_count(decisions, "dry_run"),
        not_approved_decisions=_count(decisions, "not_approved"),
        edited_decisions=_count(decisions, "edited"),
        cancelled_decisions=sum(item.decisions for item in decisions if item.cancelled),
        simulated_outcomes=simulated,
        completion_rate_difference=rates,
        miss_difference=misses,
        recommendations=_recommendations(outcomes),
        reasons=reasons | _reasons_without_spread(enhanced, rule_based),
    )


def _is_enhanced(decision: EndedDecision) -> bool:
    return decision.decision_source == "intelligence_enhanced"


def _acted(decisions: Sequence[DecisionCount], source: DecisionSource) -> int:
    return sum(
        item.decisions
        for item in decisions
        if item.effect == "acted" and item.decision_source == source and not item.cancelled
    )


def _count(decisions: Sequence[DecisionCount], effect: DecisionEffect) -> int:
    return sum(item.decisions for item in decisions if item.effect == effect and not item.cancelled)


def mean_95(values: Sequence[float], most: float = math.inf) -> Interval | None:
    """Estimate the 95 % interval of the mean of values in 0..`most`.

    None below `LEAST_OUTCOMES` values, and of equal values.
    """
    if len(values) < LEAST_OUTCOMES:
        return None
    return mean_interval(Sample.of(values), most)


def difference(new: Sequence[float], old: Sequence[float], most: float = math.inf) -> Difference:
    """Subtract the mean of `old` from that of `new`, with a 95 % interval; values in 0..`most`.

    Without an interval when the values of both are equal among themselves.
    """
    if min(len(new), len(old)) < LEAST_OUTCOMES:
        return _NO_DIFFERENCE
    samples = Sample.of(new), Sample.of(old)
    return Difference(
        value=samples[0].mean - samples[1].mean, interval_95=difference_interval(*samples, most)
    )


def _rates(outcomes: Sequence[EndedDecision]) -> list[float]:
    # Not known of sprints whose tasks were never all recorded.
    return [
        decision.completion_rate for decision in outcomes if decision.completion_rate is not None
    ]


def _misses(outcomes: Sequence[EndedDecision]) -> list[float]:
    # By the plan of the sprint, not by the recommended number: the sources are compared as applied.
    return [float(abs(decision.planned_tasks - decision.completed_tasks)) for decision in outcomes]


def _group(outcomes: Sequence[EndedDecision], decisions: int) -> Group:
    rates, misses = _rates(outcomes), _misses(outcomes)
    return Group(
        decisions=decisions,
        outcomes=len(outcomes),
        completion_rate=fmean(rates) if rates else None,
        completion_rate_95=mean_95(rates, 1.0),
        mean_miss=fmean(misses) if misses else None,
        mean_miss_95=mean_95(misses),
    )


def _reasons_of_too_few(
    enhanced: Sequence[EndedDecision], rule_based: Sequence[EndedDecision]
) -> dict[str, str]:
    """Explain each difference that is null because of too few values."""
    # A completion rate may be unknown although the outcome is known, so its values are fewer.
    outcomes = len(enhanced), len(rule_based), "an outcome"
    rates = len(_rates(enhanced)), len(_rates(rule_based)), "a completion rate"
    counts = {
        "completion_rate_difference": rates if min(outcomes[:2]) >= LEAST_OUTCOMES else outcomes,
        "miss_difference": outcomes,
    }
    return {
        field: f"not enough data: {new} enhanced and {old} rule-based decisions have {value},"
        f" {LEAST_OUTCOMES} of each are needed"
        for field, (new, old, value) in counts.items()
        if min(new, old) < LEAST_OUTCOMES
    }


def _reasons_without_spread(
    enhanced: Sequence[EndedDecision], rule_based: Sequence[EndedDecision]
) -> dict[str, str]:
    """Explain each interval that is null although there are enough outcomes."""
    rates = _rates(enhanced), _rates(rule_based)
    misses = _misses(enhanced), _misses(rule_based)
    groups_by_field = {
        "intelligence_enhanced.completion_rate_95": rates[:1],
        "intelligence_enhanced.mean_miss_95": misses[:1],
        "rule_based.completion_rate_95": rates[1:],
        "rule_based.mean_miss_95": misses[1:],
        "completion_rate_difference.interval_95": rates,
        "miss_difference.interval_95": misses,
    }
    return {
        field: NO_SPREAD
        for field, groups in groups_by_field.items()
        if all(len(group) >= LEAST_OUTCOMES and not variance(group) for group in groups)
    }


def _recommendations(outcomes: Sequence[EndedDecision]) -> Recommendations:
    comparisons = [
        (decision, comparison) for decision in outcomes if (comparison := as_observation(decision))
    ]
    won = sum(comparison.observation.won for _, comparison in comparisons)
    stated = [
        (decision.stated_confidence, comparison.observation.won)
        for decision, comparison in comparisons
        if decision.stated_confidence is not None
    ]
    return Recommendations(
        compared=len(comparisons),
        won=won,
        lost=len(comparisons) - won,
        win_rate=won / len(comparisons) if comparisons else None,
        win_rate_95=wilson_interval(won, len(comparisons)),
        table=reliability_table(stated),
    )


def _conclusion(misses: Difference) -> str:
    if misses.value is None:
        return "not enough data"
    if misses.interval_95 is None:
        return f"nothing is concluded: {NO_SPREAD}"
    low, high = misses.interval_95
    # An interval that holds 0 is no evidence either way, however large the difference looks.
    distance = f"plan and outcome lie {abs(misses.value):.1f} tasks"
    if low <= 0 <= high:
        return f"no difference is shown: {distance} apart in difference, chance explains as much"
    nearer = "nearer together" if high < 0 else "further apart"
    return f"with enhanced decisions {distance} {nearer} ({low:+.1f} to {high:+.1f})"
