import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.evidence.distribution import Distribution
from graphs.evidence.forecast import Window, own_forecast, past_forecasts, scope_forecast
from graphs.evidence.pace import Sprint
from graphs.evidence.spread import usual_variance
from graphs.thresholds import DISPERSION, PLAN_WEIGHT, SCOPE_DISPERSION
from tests.unit.evidence.sprints import of

HISTORIES = st.lists(st.integers(0, 300), max_size=24)


@given(HISTORIES)
def test_every_history_has_a_forecast_in_order(history: list[int]) -> None:
    forecast = own_forecast(of(*history), 9)
    low, high = forecast.interval()
    assert 0 <= low <= high
    assert forecast.promise() <= forecast.most_with(0.5)
    assert forecast.most_with(0.85) <= forecast.most_with(0.6) <= forecast.most_with(0.5)


def test_erratic_team_has_a_wider_range_than_a_steady_one() -> None:
    (low, high), (lower, higher) = (
        own_forecast(of(*counts), 9).interval() for counts in ((10,) * 12, (0, 20) * 6)
    )
    assert high - low < higher - lower


def test_half_the_working_time_halves_the_pace() -> None:
    full, half = (own_forecast(of(12) * 6, 9, Window(14, share)) for share in (1.0, 0.5))
    assert half.mean == pytest.approx(full.mean / 2)


def test_one_sprint_without_any_task_does_not_end_the_forecast() -> None:
    assert own_forecast(of(0) * 24, 0).mean == 0.5


def test_three_hundred_sprints_are_forecast_by_the_last_ones() -> None:
    long, short = of(*[40] * 276, *[8] * 24), of(*[8] * 24)
    assert own_forecast(long, 9).mean == own_forecast(short, 9).mean


def test_past_sprints_are_forecast_from_earlier_sprints_alone() -> None:
    past = tuple(
        Sprint(count, days) for count, days in ((4, 14), (9, 7), (6, 14), (12, 21), (5, 7))
    )
    forecasts = list(past_forecasts(past, 9))
    assert [sprint for sprint, _ in forecasts] == list(past)
    assert [forecast for _, forecast in forecasts] == [
        own_forecast(past[:place], 9, Window(past[place].days)) for place in range(5)
    ]


def test_newest_past_sprints_are_forecast_as_among_all_of_them() -> None:
    past = of(4, 9, 6, 12, 5, 7, 30, 2)
    forecasts = list(past_forecasts(past, 9))
    for newest in (1, 3, 8, 20):
        assert list(past_forecasts(past, 9, newest)) == forecasts[-newest:]


def test_scope_moves_the_forecast_and_narrows_it() -> None:
    past = tuple(Sprint(40, 14, 42) for _ in range(6))
    larger, same = (scope_forecast(past, 9, Window(14), tasks) for tasks in (80, 40))
    assert larger.mean > 1.3 * same.mean
    (low, high), (lower, higher) = same.interval(), own_forecast(past, 9, Window(14)).interval()
    assert high - low <= higher - lower


def test_team_that_does_half_of_its_plans_is_expected_to_do_so_again() -> None:
    honest, boastful = (tuple(Sprint(8, 14, committed) for _ in range(8)) for committed in (9, 16))
    assert scope_forecast(boastful, 9, Window(14), 16).mean < 12
    assert scope_forecast(honest, 9, Window(14), 16).mean > 12


def spread(forecast: Distribution, dispersion: float) -> float:
    """Return the variance of a forecast over that of other teams."""
    return forecast.variance / usual_variance(forecast.mean, dispersion)


def test_small_plan_that_was_completed_says_nothing_of_the_scatter() -> None:
    regular = tuple(Sprint(9, 14, 12) for _ in range(6))
    exhausted = (*regular, *(Sprint(2, 14, 2) for _ in range(4)))
    left_open = (*regular, *(Sprint(2, 14, 3) for _ in range(4)))
    alone, same, wider = (
        spread(own_forecast(past, 9), DISPERSION) for past in (regular, exhausted, left_open)
    )
    assert same == pytest.approx(alone)
    assert wider > alone


def test_half_the_working_time_lowers_the_forecast_of_a_scope() -> None:
    past = tuple(Sprint(12, 14, 12) for _ in range(6))
    full, half = (scope_forecast(past, 9, Window(14, share), 12).mean for share in (1.0, 0.5))
    assert full - half == pytest.approx((1 - PLAN_WEIGHT) * own_forecast(past, 9).mean / 2)


def test_past_scopes_are_forecast_from_earlier_sprints_alone() -> None:
    # The second sprint surprises those who know the first one alone.
    steady = tuple(Sprint(30, 14, 31) for _ in range(6))
    surprise = scope_forecast((Sprint(2, 14, 4), *steady), 9, Window(14), 31)
    expected_sprint = scope_forecast((Sprint(30, 14, 31), *steady), 9, Window(14), 31)
    assert spread(surprise, SCOPE_DISPERSION) > spread(expected_sprint, SCOPE_DISPERSION) + 0.05


def test_work_outside_a_sprint_is_no_error_of_its_scope() -> None:
    past = tuple(Sprint(30, 14, 12, outside=20) for _ in range(6))
    assert spread(scope_forecast(past, 9, Window(14), 12), SCOPE_DISPERSION) < 1
