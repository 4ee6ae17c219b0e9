import pytest

from graphs.evidence.trend import trend


def test_a_line_has_its_slope_and_no_error():
    found = trend([2, 4, 6, 8])
    assert found is not None
    assert (found.slope, found.sprints, found.direction) == (pytest.approx(2), 4, "rising")
    assert found.standard_error == pytest.approx(0)


def test_the_standard_error_is_that_of_least_squares():
    found = trend([1, 2, 2])
    assert found is not None
    assert found.slope == pytest.approx(0.5)
    assert found.standard_error == pytest.approx((1 / 6 / 2) ** 0.5)


def test_a_slope_within_two_errors_is_stable():
    found = trend([5, 9, 4, 8, 6])
    assert found is not None
    assert found.direction == "stable"


def test_a_clear_decline_is_falling():
    found = trend([20, 17, 15, 11, 9])
    assert found is not None
    assert found.direction == "falling"


def test_two_sprints_have_no_trend():
    assert trend([3, 9]) is None
