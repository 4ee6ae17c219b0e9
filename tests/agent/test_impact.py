"""Comparison of decision sources, without numbers where there are too few outcomes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.intelligence.impact import (
    LEAST_OUTCOMES,
    NO_SPREAD,
    compare,
    difference,
    mean_95,
)
from memory.statistics import DecisionCount
from tests.agent.test_learning import ended_decision


def test_fewer_than_five_outcomes_of_a_source_are_not_compared() -> None:
    rule_based = [ended_decision() for _ in range(LEAST_OUTCOMES)]
    enhanced = [
        ended_decision(decision_source="intelligence_enhanced", planned_tasks=7) for _ in rule_based
    ]
    impact = compare(
        "ALPHA", [*rule_based, *enhanced[1:]], [DecisionCount("rule_based_only", "acted", 9)]
    )
    assert impact.miss_difference.value is None
    assert "4 enhanced and 5 rule-based" in impact.reasons["miss_difference"]
    assert impact.rule_based.decisions == 9
    assert (impact.recommendations.compared, impact.recommendations.won) == (5, 5)
    spread = [
        ended_decision(decision_source="intelligence_enhanced", planned_tasks=6 + n)
        for n in range(4)
    ]
    steady = compare("ALPHA", [*rule_based, *spread, enhanced[0]], [])
    assert steady.miss_difference.value == pytest.approx(-2.6)
    assert "nearer together" in steady.conclusion
    assert "miss_difference.interval_95" not in steady.reasons


def test_unknown_completion_rates_are_the_reason_of_a_missing_difference() -> None:
    rule_based = [ended_decision() for _ in range(LEAST_OUTCOMES)]
    enhanced = [ended_decision(decision_source="intelligence_enhanced") for _ in rule_based]
    unknown = ended_decision(decision_source="intelligence_enhanced", completion_rate=None)
    impact = compare("ALPHA", [*rule_based, *enhanced[1:], unknown], [])
    assert impact.miss_difference.value is not None
    assert impact.completion_rate_difference.value is None
    reason = impact.reasons["completion_rate_difference"]
    assert "4 enhanced and 5 rule-based decisions have a completion rate" in reason


def test_intervals_end_at_the_bounds_of_possible_values() -> None:
    low, high = mean_95([1.0, 1.0, 1.0, 1.0, 0.5], 1.0) or (0, 0)
    assert (0.5 < low < 0.9, high) == (True, 1.0)
    low, high = mean_95([0, 0, 0, 0, 5]) or (9, 9)
    assert (low, high > 1) == (0, True)
    apart = difference([1.0, 1.0, 1.0, 1.0, 0.1], [0.0, 0.0, 0.0, 0.0, 0.9], 1.0)
    assert (apart.interval_95 or (0, 0))[1] == 1.0
    rates = [ended_decision(completion_rate=rate) for rate in (1.0, 1.0, 1.0, 1.0, 0.5)]
    assert (compare("ALPHA", rates, []).rule_based.completion_rate_95 or (0, 0))[1] == 1.0


def test_equal_values_lead_to_no_conclusion() -> None:
    rule_based = [ended_decision() for _ in range(LEAST_OUTCOMES)]
    enhanced = [
        ended_decision(decision_source="intelligence_enhanced", planned_tasks=7) for _ in rule_based
    ]
    impact = compare("ALPHA", [*rule_based, *enhanced], [])
    assert (impact.miss_difference.value, impact.miss_difference.interval_95) == (-3, None)
    assert (impact.rule_based.mean_miss_95, impact.rule_based.completion_rate_95) == (None, None)
    assert impact.conclusion == f"nothing is concluded: {NO_SPREAD}"
    assert impact.reasons == dict.fromkeys(
        (
            "intelligence_enhanced.completion_rate_95",
            "intelligence_enhanced.mean_miss_95",
            "rule_based.completion_rate_95",
            "rule_based.mean_miss_95",
            "completion_rate_difference.interval_95",
            "miss_difference.interval_95",
        ),
        NO_SPREAD,
    )


def test_simulated_sprints_are_counted_apart() -> None:
    decisions = [ended_decision() for _ in range(LEAST_OUTCOMES)]
    simulated = [ended_decision(completed_tasks=0, simulated=True) for _ in range(3)]
    impact = compare("ALPHA", [*decisions, *simulated], [])
    assert impact.simulated_outcomes == 3
    assert compare("ALPHA", decisions, []) == impact.model_copy(update={"simulated_outcomes": 0})


PROBABILITIES = st.one_of(st.none(), st.floats(0, 1))


@given(st.lists(st.tuples(PROBABILITIES, st.integers(0, 12)), max_size=20))
def test_table_counts_every_compared_recommendation_once(
    outcomes: list[tuple[float | None, int]],
) -> None:
    decisions = [
        ended_decision(raw_confidence=raw, stated_confidence=raw, completed_tasks=completed)
        for raw, completed in outcomes
    ]
    recommendations = compare("ALPHA", decisions, []).recommendations
    assert sum(row.count for row in recommendations.table) == recommendations.compared
