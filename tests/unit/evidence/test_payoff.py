import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.evidence.payoff import Pair, payoff
from graphs.thresholds import CONFIDENCE_THRESHOLD

BETTER = Pair(rule=10, evidence=6, completed=5)
WORSE = Pair(rule=5, evidence=9, completed=5)
ALIKE = Pair(rule=4, evidence=6, completed=5)


def test_evidence_that_was_nearer_again_and_again_pays() -> None:
    record = payoff([BETTER] * 10, 1.5)
    assert record.confidence > 0.99
    assert (record.pairs, record.wins, record.losses) == (10, 10, 0)
    assert (record.rule_error, record.evidence_error) == (5, 1)


def test_one_lucky_window_proves_nothing() -> None:
    assert payoff([Pair(6, 5, 5)], 1.5).confidence < CONFIDENCE_THRESHOLD
    assert payoff([Pair(30, 10, 10)] * 2, 1.5).confidence == 0.5
    assert payoff([BETTER] * 4, 1.5).confidence > CONFIDENCE_THRESHOLD


def test_three_windows_without_an_advantage_come_before_the_record() -> None:
    # Mean 3 / 6, variance (3 * 1.5^2 + 3 * 0.5^2) / 6: 0.5 over sqrt(1.25 / 6) is 1.095.
    record = payoff([Pair(6, 5, 5)] * 3, 1.5)
    assert record.confidence == pytest.approx(0.8633, abs=1e-4)
    assert payoff([Pair(6, 5, 5)] * 3, 3).confidence < CONFIDENCE_THRESHOLD


def test_without_a_record_the_odds_are_even() -> None:
    record = payoff([], 1.5)
    assert record.confidence == 0.5
    assert (record.pairs, record.rule_error, record.evidence_error) == (0, None, None)


def test_evidence_that_ends_as_near_as_the_rule_does_not_pay() -> None:
    assert payoff([ALIKE] * 24, 1.5).confidence == pytest.approx(0.5)
    assert payoff([BETTER, Pair(6, 10, 5)] * 12, 1.5).confidence == pytest.approx(0.5, abs=0.01)


def test_evidence_that_was_worse_has_a_confidence_near_zero() -> None:
    assert payoff([WORSE] * 10, 1.5).confidence < 0.01


def test_only_the_newest_windows_count() -> None:
    assert payoff([WORSE] * 200 + [BETTER] * 24, 1.5) == payoff([BETTER] * 24, 1.5)


PAIRS = st.lists(
    st.builds(Pair, st.integers(0, 60), st.integers(0, 60), st.integers(0, 60)), max_size=30
)


@given(PAIRS)
def test_exchanging_rule_and_evidence_mirrors_the_confidence(pairs: list[Pair]) -> None:
    mirrored = [Pair(pair.evidence, pair.rule, pair.completed) for pair in pairs]
    assert payoff(pairs, 3).confidence == pytest.approx(1 - payoff(mirrored, 3).confidence)
