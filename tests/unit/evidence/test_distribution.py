from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.evidence.distribution import Prediction, Window, hindsight, predict
from graphs.evidence.neighbours import POOL, Prior
from graphs.evidence.throughput import Sprint
from tests.unit.evidence.sprints import of

DIE = Prediction(2.5, tuple((n + 1) / 6 for n in range(6)))
HISTORIES = st.lists(st.integers(0, 300), max_size=24)


def test_quantiles_and_tails_of_a_die():
    assert (DIE.quantile(0.5), DIE.interval(0.6)) == (2, (1, 5))
    assert DIE.at_most(1) == pytest.approx(2 / 6)
    assert DIE.at_least(4) == pytest.approx(2 / 6)
    assert (DIE.at_most(-1), DIE.at_most(99), DIE.at_least(0)) == (0, 1, 1)


def test_a_promise_is_kept_as_often_as_it_says_on_average():
    # P(below 1) + P(1) / 2 = 0.25, P(0) / 2 = 0.083: the 85 % promise is 1, kept 5 of 6 times.
    assert (DIE.promise(0.85), DIE.at_least(1)) == (1, pytest.approx(5 / 6))
    assert DIE.promise(0.95) == 0


def test_the_median_has_the_smallest_expected_miss():
    assert DIE.miss(0) == pytest.approx(2.5)
    assert min(range(6), key=DIE.miss) == DIE.quantile(0.5)


def test_nearer_leaves_ties_out():
    assert DIE.nearer(1, 3) == pytest.approx(2 / 5)
    assert DIE.nearer(3, 1) == pytest.approx(3 / 5)
    assert DIE.nearer(1, 2) == pytest.approx(2 / 6)
    assert DIE.nearer(4, 4) is None


@given(HISTORIES)
def test_a_prediction_is_a_distribution_around_its_mean(history):
    found = predict(of(*history), POOL)
    masses = [after - before for before, after in pairwise((0.0, *found.cumulative))]
    assert all(mass >= 0 for mass in masses)
    assert sum(masses) == pytest.approx(1, abs=1e-5)
    mean = sum(count * mass for count, mass in enumerate(masses))
    assert mean == pytest.approx(found.mean, rel=1e-3)


def test_an_erratic_team_has_a_wider_interval_than_a_steady_one():
    steady, erratic = predict(of(10) * 12, POOL), predict(of(0, 20) * 6, POOL)
    (low, high), (lower, higher) = steady.interval(), erratic.interval()
    assert high - low < higher - lower


def test_a_very_steady_team_keeps_at_least_poisson_spread():
    low, high = predict(of(2) * 24, POOL).interval()
    assert low < 2 < high


def test_half_the_capacity_halves_the_expectation():
    assert predict(of(12) * 6, POOL, Window(capacity_share=0.5)).mean == pytest.approx(
        predict(of(12) * 6, POOL).mean / 2
    )


def test_a_team_that_completes_nothing_is_not_impossible_to_surprise():
    found = predict(of(0) * 24, Prior(0.0, 0.5, 0))
    assert found.mean == 0.5
    assert found.at_least(1) > 0


def test_a_team_of_thousands_of_tasks_is_predicted_as_well():
    prediction = predict(of(3000) * 20, POOL)
    assert len(prediction.cumulative) < 60_000
    assert prediction.cumulative[-1] == pytest.approx(1, abs=1e-3)
    assert prediction.quantile(0.5) == pytest.approx(3000, rel=0.2)


def test_hindsight_predicts_as_it_would_have_then():
    past = tuple(
        Sprint(count, days) for count, days in ((4, 14), (9, 7), (6, 14), (12, 21), (5, 7))
    )
    found = list(hindsight(past))
    assert [seen for seen, _ in found] == list(past[3:])
    assert [prediction for _, prediction in found] == [
        predict(past[:number], POOL, Window(past[number].days)) for number in (3, 4)
    ]
    assert list(hindsight(past[:3])) == []
