"""Statistics against values that are published, or worked by hand."""

import pytest
from hypothesis import strategies as st

from domain_services.kernel.statistics import (
    Sample,
    Trend,
    difference_interval,
    fit_trend,
    mean_interval,
    student_t,
    wilson_interval,
)

COUNTS = st.lists(st.integers(0, 500), min_size=1, max_size=30)


def test_points_on_a_line_have_its_slope_and_no_error() -> None:
    trend = fit_trend([2, 4, 6, 8, 10])
    assert trend is not None
    assert (trend.slope, trend.sprints) == (pytest.approx(2), 5)
    assert trend.standard_error == pytest.approx(0)
    assert trend.direction == "increasing"


def test_standard_error_is_that_of_least_squares() -> None:
    trend = fit_trend([1, 2, 2])
    assert trend is not None
    assert trend.slope == pytest.approx(0.5)
    assert trend.standard_error == pytest.approx((1 / 6 / 2) ** 0.5)


def test_two_sprints_have_no_trend() -> None:
    assert fit_trend([3, 9]) is None


@pytest.mark.parametrize(
    ("trend", "direction"),
    [
        (Trend(-1.0, 0.5, 5), "decreasing"),
        (Trend(1.0, 0.5, 5), "increasing"),
        (Trend(0.98, 0.5, 12), "stable"),
        (Trend(0.0, 0.0, 12), "stable"),
        (Trend(1.0, 0.0, 4), "stable"),
    ],
)
def test_direction_needs_five_sprints_and_a_slope_beyond_chance(
    trend: Trend, direction: str
) -> None:
    assert trend.direction == direction


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (9, 2.262)]
)
def test_quantiles_of_student_are_within_two_percent(freedom: int, quantile: float) -> None:
    assert student_t(freedom) == pytest.approx(quantile, rel=0.02)


def test_wilson_interval_is_the_published_one() -> None:
    assert wilson_interval(8, 10) == pytest.approx((0.490, 0.943), abs=1e-3)
    assert wilson_interval(0, 0) is None


def test_welch_interval_holds_the_difference_of_the_means() -> None:
    new, old = Sample.of([1, 2, 3, 4, 5]), Sample.of([11, 12, 13, 14, 15])
    assert difference_interval(new, old) == pytest.approx((-12.31, -7.69), abs=0.05)


def test_intervals_end_where_possible_values_end() -> None:
    assert (mean_interval(Sample.of([1.0, 1.0, 1.0, 1.0, 0.5]), 1.0) or (0, 0))[1] == 1.0
    assert (mean_interval(Sample.of([0, 0, 0, 0, 5])) or (9, 9))[0] == 0
    apart = Sample.of([1.0, 1.0, 0.9]), Sample.of([0.0, 0.0, 0.9])
    assert (difference_interval(*apart, 1.0) or (0, 0))[1] == 1.0


def test_equal_or_single_values_have_no_interval() -> None:
    equal = Sample.of([4, 4, 4])
    assert mean_interval(equal) is None
    assert difference_interval(equal, Sample.of([3, 3])) is None
    assert difference_interval(equal, Sample.of([7])) is None
    assert mean_interval(Sample.of([])) is None
