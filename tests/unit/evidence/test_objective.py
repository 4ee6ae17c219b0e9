from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from graphs.evidence.distribution import Prediction, predict
from graphs.evidence.objective import best_count
from graphs.thresholds import OVERCOMMITMENT_COST
from tests.unit.evidence.sprints import of

DIE = Prediction(2.5, tuple((n + 1) / 6 for n in range(6)))


def expected_gain(prediction: Prediction, planned: int) -> float:
    """Sum over every outcome what the documented formula gains by it."""
    masses = (after - before for before, after in pairwise((0.0, *prediction.cumulative)))
    return sum(
        mass * (min(planned, count) - OVERCOMMITMENT_COST * max(0, planned - count))
        for count, mass in enumerate(masses)
    )


def test_count_stays_within_its_limits() -> None:
    assert best_count(DIE, 4, 9) == 4
    assert best_count(DIE, 0, 1) == 1


@given(st.lists(st.integers(0, 40), max_size=12))
def test_no_other_count_has_a_greater_expected_gain(history: list[int]) -> None:
    prediction = predict(of(*history))
    best_gain = expected_gain(prediction, best_count(prediction, 0, 60))
    assert best_gain >= max(expected_gain(prediction, n) for n in range(61)) - 1e-6
