import numpy as np
import pytest

from benchmarks.decision_quality.scores import NOTHING, pinball, ratio, share, wilson


def test_wilsons_interval_is_the_published_one():
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 0) is None


def test_a_ratio_is_of_sums_and_its_bounds_hold_it():
    found = ratio(np.array([1.0, 3.0, 2.0]), np.array([2.0, 4.0, 4.0]), ["a", "a", "b"])
    assert found.value == pytest.approx(0.6)
    assert (found.low or 1) < 0.6 < (found.high or 0)
    assert found == ratio(np.array([1.0, 3.0, 2.0]), np.array([2.0, 4.0, 4.0]), ["a", "a", "b"])


def test_a_single_team_has_no_spread_and_nothing_has_no_ratio():
    found = share(np.array([1.0, 0.0]), ["a", "a"])
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)
    assert ratio(np.zeros(2), np.zeros(2), ["a", "b"]) == NOTHING


def test_the_quantile_loss_is_smallest_at_the_quantile():
    outcomes = np.arange(101.0)
    losses = {q: pinball(outcomes, np.full(101, q), 0.85) for q in (50.0, 85.0, 95.0)}
    assert min(losses, key=losses.__getitem__) == 85.0
    assert pinball(np.array([3.0]), np.array([5.0]), 0.5) == 1.0
