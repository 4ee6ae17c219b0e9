from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.evidence.distribution import around
from graphs.evidence.expectation import (
    Expectation,
    last_day_of,
    several,
    sprints_until,
)
from graphs.evidence.forecast import own_forecast
from tests.unit.evidence.sprints import of

OWN = own_forecast(of(7, 4, 15, 6, 9, 7), 9)
EXPECTATION = Expectation(OWN, None)


def test_plan_promise_and_range_are_of_one_distribution() -> None:
    low, high = EXPECTATION.usual_range
    assert low <= EXPECTATION.promise <= EXPECTATION.plan <= high
    assert EXPECTATION.chance_of_all(EXPECTATION.plan) >= 0.5
    assert EXPECTATION.chance_of_all(EXPECTATION.plan + 1) < 0.5
    assert EXPECTATION.risk(5) == 1 - EXPECTATION.chance_of_all(5)


@given(st.sampled_from([50, 60, 70, 85]), st.floats(0.5, 60), st.floats(1.01, 9))
def test_plan_is_completed_with_the_wanted_certainty(
    certainty: int, mean: float, spread: float
) -> None:
    expectation = Expectation(around(mean, mean * spread), None, certainty)
    if expectation.plan:
        assert expectation.chance_of_all(expectation.plan) >= certainty / 100 - 1e-9
    assert expectation.chance_of_all(expectation.plan + 1) <= certainty / 100 + 1e-9


def test_sentence_tells_how_sure_the_plan_and_smaller_ones_are() -> None:
    sentence = EXPECTATION.sentence(8)
    promise = EXPECTATION.promise
    assert sentence.startswith(f"all 8 with {EXPECTATION.chance_of_all(8):.0%}, ")
    assert f"{promise} with {EXPECTATION.chance_of_all(promise):.0%} (the promise); " in sentence
    assert sentence.endswith("are usual")
    assert "promise" not in EXPECTATION.sentence(promise)
    one = f"the 1 task with {EXPECTATION.chance_of_all(1):.0%}; "
    assert EXPECTATION.sentence(1).startswith(one)


def test_arriving_work_is_told_apart_and_added_to_the_total() -> None:
    both = Expectation(OWN, around(3, 5))
    assert both.total.mean == pytest.approx(OWN.mean + 3)
    assert both.velocity().endswith("and 3.0 that arrive during the sprint")
    assert "planned" not in EXPECTATION.velocity()


def test_errors_of_several_sprints_go_together() -> None:
    six = several(OWN, 6)
    assert six.mean == pytest.approx(6 * OWN.mean)
    independent, alike = 6 * OWN.variance, 36 * OWN.variance
    assert six.variance == pytest.approx((independent + alike) / 2)
    assert several(OWN, 1) == OWN


def test_number_of_sprints_until_tasks_are_done_grows_with_tasks_and_certainty() -> None:
    assert sprints_until(OWN, 1, 0.5) == 1
    even, sure = sprints_until(OWN, 25, 0.5), sprints_until(OWN, 25, 0.85)
    assert even is not None and sure is not None
    assert 3 <= even < sure
    assert several(OWN, sure).at_least(25) >= 0.85 > several(OWN, sure - 1).at_least(25)
    assert sprints_until(OWN, 100_000, 0.5) is None


def test_last_day_of_sprints_in_a_row() -> None:
    assert last_day_of(1, date(2016, 6, 6), 14) == date(2016, 6, 19)
    assert last_day_of(3, date(2016, 6, 6), 7) == date(2016, 6, 26)


def test_hundred_and_fifty_sprints_are_still_counted() -> None:
    assert 120 < (sprints_until(around(1, 1), 150, 0.5) or 0) < 200
