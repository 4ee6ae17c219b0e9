"""Intervals against published values, and no number where there are too few outcomes."""

import pytest

from agent.intelligence.impact import (
    LEAST_OUTCOMES,
    NO_SPREAD,
    compare,
    difference,
    mean_95,
    t_95,
    wilson_95,
)
from tests.agent.test_learning import ended


@pytest.mark.parametrize(("freedom", "quantile"), [(4, 2.776), (9, 2.262), (30, 2.042)])
def test_quantiles_of_student(freedom: int, quantile: float) -> None:
    assert t_95(freedom) == pytest.approx(quantile, rel=0.02)


def test_wilson_interval() -> None:
    """Wilson's interval of 8 in 10 is 0.490 to 0.943."""
    assert wilson_95(8, 10) == (pytest.approx(0.490, abs=1e-3), pytest.approx(0.943, abs=1e-3))
    assert wilson_95(0, 0) is None


def test_welch_interval_holds_the_difference() -> None:
    found = difference([1, 2, 3, 4, 5], [11, 12, 13, 14, 15])
    assert found.value == -10
    low, high = found.interval_95 or (0, 0)
    assert (low, high) == (pytest.approx(-12.31, abs=0.05), pytest.approx(-7.69, abs=0.05))


def test_below_the_least_outcomes_nothing_is_compared() -> None:
    few = [ended() for _ in range(LEAST_OUTCOMES)]
    enhanced = [ended(decision_source="intelligence_enhanced", planned_tasks=7) for _ in few]
    told = compare("ALPHA", [*few, *enhanced[1:]], {"rule_based_only": 9})
    assert told.miss_difference.value is None
    assert "4 enhanced and 5 rule-based" in told.reasons["miss_difference"]
    assert told.rule_based.decisions == 9
    assert (told.recommendations.compared, told.recommendations.won) == (5, 5)
    spread = [ended(decision_source="intelligence_enhanced", planned_tasks=6 + n) for n in range(4)]
    whole = compare("ALPHA", [*few, *spread, enhanced[0]], {})
    assert whole.miss_difference.value == pytest.approx(-2.6)
    assert "nearer together" in whole.conclusion
    assert "miss_difference.interval_95" not in whole.reasons


def test_intervals_end_where_what_is_possible_ends() -> None:
    low, high = mean_95([1.0, 1.0, 1.0, 1.0, 0.5], 1.0) or (0, 0)
    assert (0.5 < low < 0.9, high) == (True, 1.0)
    low, high = mean_95([0, 0, 0, 0, 5]) or (9, 9)
    assert (low, high > 1) == (0, True)
    apart = difference([1.0, 1.0, 1.0, 1.0, 0.1], [0.0, 0.0, 0.0, 0.0, 0.9], 1.0)
    assert (apart.interval_95 or (0, 0))[1] == 1.0
    rates = [ended(completion_rate=rate) for rate in (1.0, 1.0, 1.0, 1.0, 0.5)]
    assert (compare("ALPHA", rates, {}).rule_based.completion_rate_95 or (0, 0))[1] == 1.0


def test_equal_values_conclude_nothing() -> None:
    ruled = [ended() for _ in range(LEAST_OUTCOMES)]
    enhanced = [ended(decision_source="intelligence_enhanced", planned_tasks=7) for _ in ruled]
    told = compare("ALPHA", [*ruled, *enhanced], {})
    assert (told.miss_difference.value, told.miss_difference.interval_95) == (-3, None)
    assert (told.rule_based.mean_miss_95, told.rule_based.completion_rate_95) == (None, None)
    assert told.conclusion == f"nothing is concluded: {NO_SPREAD}"
    assert told.reasons == dict.fromkeys(
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
