from hypothesis import given
from hypothesis import strategies as st

from graphs.evidence.distribution import Prediction, predict
from graphs.evidence.objective import best, gain
from tests.unit.evidence.sprints import of

DIE = Prediction(2.5, tuple((n + 1) / 6 for n in range(6)))


def test_an_open_task_takes_away_what_a_completed_one_gives():
    assert gain(DIE, 0) == 0
    assert round(gain(DIE, 5), 9) == 0  # 2.5 completed, 2.5 left open


def test_limits_hold_on_both_sides():
    assert best(DIE, 4, 9) == 4
    assert best(DIE, 0, 1) == 1


@given(st.lists(st.integers(0, 40), max_size=12))
def test_no_other_count_gains_more(history):
    prediction = predict(of(*history))
    found = best(prediction, 0, 60)
    assert gain(prediction, found) >= max(gain(prediction, n) for n in range(61)) - 1e-6
