import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.evidence.confidence import Record, confidence, tally

PROBABILITIES = st.floats(0, 1)
COUNTS = st.integers(0, 50)


def test_nearer_count_wins_and_ties_count_for_neither() -> None:
    assert tally([(8, 10, 7), (8, 10, 12), (8, 10, 9), (5, 10, 5)]) == Record(wins=2, losses=1)


def test_without_replayed_decisions_confidence_is_the_prediction_mixed_with_even_odds() -> None:
    assert confidence(1.0, Record(0, 0)) == pytest.approx(0.95)
    assert confidence(0.5, Record(0, 0)) == pytest.approx(0.5)


def test_replayed_decisions_move_confidence_by_their_number() -> None:
    assert confidence(0.5, Record(20, 0)) == pytest.approx((20 * 0.5 + 20) / 40)
    assert confidence(0.5, Record(2, 0)) == pytest.approx(12 / 22)


@given(PROBABILITIES, COUNTS, COUNTS)
def test_wins_raise_confidence_and_losses_lower_it(
    predicted: float, wins: int, losses: int
) -> None:
    here = confidence(predicted, Record(wins, losses))
    assert 0 <= here <= 1
    assert confidence(predicted, Record(wins + 1, losses)) > here
    assert confidence(predicted, Record(wins, losses + 1)) < here
