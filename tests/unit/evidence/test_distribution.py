from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.evidence.distribution import Prediction, Window, past_predictions, predict
from graphs.evidence.neighbours import POOL, Prior
from graphs.evidence.throughput import Sprint
from tests.unit.evidence.sprints import of

DIE = Prediction(2.5, tuple((n + 1) / 6 for n in range(6)))
HISTORIES = st.lists(st.integers(0, 300), max_size=24)


def test_quantiles_and_tails_of_a_die() -> None:
    assert (DIE.quantile(0.5), DIE.interval(0.6)) == (2, (1, 5))
    assert DIE.at_most(1) == pytest.approx(2 / 6)
    assert DIE.at_least(4) == pytest.approx(2 / 6)
    assert (DIE.at_most(-1), DIE.at_most(99), DIE.at_least(0)) == (0, 1, 1)


def test_promised_count_is_reached_with_its_probability_on_average() -> None:
    # P(below 1) + P(1) / 2 = 0.25, P(0) / 2 = 0.083: the 85 % promise is 1, reached 5 of 6 times.
    assert (DIE.promise(0.85), DIE.at_least(1)) == (1, pytest.approx(5 / 6))
    assert DIE.promise(0.95) == 0


def test_median_has_the_smallest_expected_miss() -> None:
    assert DIE.expected_miss(0) == pytest.approx(2.5)
    assert min(range(6), key=DIE.expected_miss) == DIE.quantile(0.5)


def test_probability_of_ending_nearer_leaves_ties_out() -> None:
    assert DIE.probability_nearer(1, 3) == pytest.approx(2 / 5)
    assert DIE.probability_nearer(3, 1) == pytest.approx(3 / 5)
    assert DIE.probability_nearer(1, 2) == pytest.approx(2 / 6)
    assert DIE.probability_nearer(4, 4) is None


@given(HISTORIES)
def test_prediction_is_a_distribution_around_its_mean(history: list[int]) -> None:
    prediction = predict(of(*history), POOL)
    masses = [after - before for before, after in pairwise((0.0, *prediction.cumulative))]
    assert all(mass >= 0 for mass in masses)
    assert sum(masses) == pytest.approx(1, abs=1e-5)
    mean = sum(count * mass for count, mass in enumerate(masses))
    assert mean == pytest.approx(prediction.mean, rel=1e-3)


def test_erratic_team_has_a_wider_interval_than_a_steady_one() -> None:
    steady, erratic = predict(of(10) * 12, POOL), predict(of(0, 20) * 6, POOL)
    (low, high), (lower, higher) = steady.interval(), erratic.interval()
    assert high - low < higher - lower


def test_very_steady_team_has_at_least_a_poisson_spread() -> None:
    low, high = predict(of(2) * 24, POOL).interval()
    assert low < 2 < high


def test_half_the_capacity_halves_the_expectation() -> None:
    assert predict(of(12) * 6, POOL, Window(capacity_share=0.5)).mean == pytest.approx(
        predict(of(12) * 6, POOL).mean / 2
    )


def test_team_that_completed_nothing_may_complete_a_task() -> None:
    prediction = predict(of(0) * 24, Prior(0.0, 0.5, 0))
    assert prediction.mean == 0.5
    assert prediction.at_least(1) > 0


def test_thousands_of_tasks_are_predicted_as_well() -> None:
    prediction = predict(of(3000) * 20, POOL)
    assert len(prediction.cumulative) < 60_000
    assert prediction.cumulative[-1] == pytest.approx(1, abs=1e-3)
    assert prediction.quantile(0.5) == pytest.approx(3000, rel=0.2)


def test_past_sprints_are_predicted_from_earlier_sprints_alone() -> None:
    past = tuple(
        Sprint(count, days) for count, days in ((4, 14), (9, 7), (6, 14), (12, 21), (5, 7))
    )
    predictions = list(past_predictions(past))
    assert [sprint for sprint, _ in predictions] == list(past[3:])
    assert [prediction for _, prediction in predictions] == [
        predict(past[:number], POOL, Window(past[number].days)) for number in (3, 4)
    ]
    assert list(past_predictions(past[:3])) == []
