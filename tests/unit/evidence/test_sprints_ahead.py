"""Forecast of several sprints whose first one differs from the later ones."""

import pytest

from graphs.evidence.distribution import around
from graphs.evidence.expectation import several, sprints_until
from tests.unit.evidence.sprints import ages, by_class
from tests.unit.evidence.test_risk import work

FULL = around(10, 45)
SHORT = around(4, 9.6)


def test_equal_sprints_have_the_variance_of_correlated_terms() -> None:
    for sprints in (2, 3, 6):
        forecast = several(FULL, sprints)
        assert forecast.mean == pytest.approx(10 * sprints)
        assert forecast.variance == pytest.approx(45 * (sprints * 0.5 + sprints**2 * 0.5))
        same = several(FULL, sprints, FULL)
        assert (same.mean, same.variance) == (forecast.mean, forecast.variance)


def test_short_first_sprint_takes_nothing_from_the_later_ones() -> None:
    assert several(SHORT, 1, FULL) == SHORT
    forecast = several(SHORT, 3, FULL)
    assert forecast.mean == pytest.approx(24)
    assert several(SHORT, 3).mean < forecast.mean < several(FULL, 3).mean
    assert several(SHORT, 3).variance < forecast.variance < several(FULL, 3).variance


def test_tasks_are_done_earlier_when_later_sprints_are_full() -> None:
    alone = sprints_until(SHORT, 30, 0.85)
    with_full_ones = sprints_until(SHORT, 30, 0.85, FULL)
    assert alone is not None
    assert with_full_ones is not None
    assert with_full_ones < alone
    assert several(SHORT, with_full_ones, FULL).at_least(30) >= 0.85
    assert several(SHORT, with_full_ones - 1, FULL).at_least(30) < 0.85


def test_later_sprints_have_neither_the_days_off_nor_the_tasks_of_the_first_one() -> None:
    windows = [(by_class(d3=count, d224=20), by_class(d3=count)) for count in [2, 9, 4, 12] * 10]
    first = work(capacity_share=0.5, ages=ages(windows, by_class(d3=2, d224=20)))
    assert first.follows
    assert first.expectation.planned != first.evidence.own_pace
    assert first.later.planned == work(capacity_share=1.0).evidence.own_pace
    assert first.later.planned.mean > first.evidence.own_pace.mean


def test_plan_at_a_certainty_is_that_of_a_decision_with_it() -> None:
    for certainty in (50, 60, 70, 85):
        decided = work(certainty=certainty)
        assert work().plan_at(certainty) == decided.proposal.original
        assert decided.plan_at(certainty) == decided.evidence.rule_tasks
