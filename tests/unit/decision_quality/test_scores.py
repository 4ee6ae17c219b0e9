import numpy as np
import pytest

from benchmarks.decision_quality.scores import (
    MIN_TEAMS,
    NOTHING,
    pinball,
    ratio,
    share,
)


def test_a_ratio_is_of_sums_and_its_bounds_hold_it():
    above, below = (
        np.array([1.0, 3.0, 2.0, 1.0, 2.0, 3.0]),
        np.array([2.0, 4.0, 4.0, 4.0, 3.0, 3.0]),
    )
    teams = ["a", "a", "b", "c", "d", "e"]
    score = ratio(above, below, teams)
    assert score.value == pytest.approx(0.6)
    assert (score.low or 1) < 0.6 < (score.high or 0)
    assert score.reason is None
    assert score == ratio(above, below, teams)


def test_few_teams_have_no_bounds_and_nothing_has_no_ratio():
    score = share(np.array([1.0, 0.0]), ["a", "a"])
    assert (score.value, score.low, score.high) == (0.5, None, None)
    assert "too few" in (score.reason or "")
    assert ratio(np.zeros(2), np.zeros(2), ["a", "b"]) == NOTHING


def test_bounds_are_of_the_teams_that_count():
    holds, teams = np.tile([1.0, 0.0], MIN_TEAMS), [str(n // 2) for n in range(2 * MIN_TEAMS)]
    assert share(holds, teams).low == 0.5
    assert share(holds[2:], teams[2:]).low is None
    one_left = np.array([1.0, 1.0, *np.zeros(2 * MIN_TEAMS - 2)])
    score = ratio(holds * one_left, one_left, teams)
    assert (score.value, score.low, score.high) == (0.5, None, None)


def test_the_quantile_loss_is_smallest_at_the_quantile():
    outcomes = np.arange(101.0)
    losses = {q: pinball(outcomes, np.full(101, q), 0.85) for q in (50.0, 85.0, 95.0)}
    assert min(losses, key=losses.__getitem__) == 85.0
    assert pinball(np.array([3.0]), np.array([5.0]), 0.5) == 1.0
