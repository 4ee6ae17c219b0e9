import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.evidence.pace import (
    Counted,
    Sprint,
    arrived_work,
    at_length,
    counted,
    own_pace,
    pace_at,
    planned_work,
    prior_tasks,
)
from graphs.thresholds import MIDDLE_TO_MEAN
from tests.unit.evidence.sprints import of

COUNTS = st.lists(st.integers(0, 500), min_size=1, max_size=300)


def test_pace_of_four_and_more_leaves_out_the_best_and_the_worst() -> None:
    expected = (6 * 7.25 * MIDDLE_TO_MEAN + 0.5 * 9) / 6.5
    assert own_pace([7, 4, 15, 6, 9, 7], 9) == pytest.approx(expected)


def test_best_and_worst_are_left_out_from_four_sprints_on() -> None:
    assert own_pace([2, 40, 6, 8], 9) == pytest.approx((4 * 7 * MIDDLE_TO_MEAN + 0.5 * 9) / 4.5)


def test_pace_of_one_to_three_is_their_mean_drawn_to_the_prior() -> None:
    assert own_pace([4], 9) == pytest.approx((4 + 4.5) / 1.5)
    assert own_pace([4, 8, 6], 9) == pytest.approx((18 + 4.5) / 3.5)
    assert own_pace([], 9) == 9


def test_only_the_last_six_sprints_count() -> None:
    assert own_pace([500] * 294 + [7, 4, 15, 6, 9, 7], 9) == own_pace([7, 4, 15, 6, 9, 7], 9)


def test_one_huge_outlier_moves_the_pace_no_more_than_a_large_one() -> None:
    assert own_pace([7, 4, 500, 6, 9, 7], 9) == own_pace([7, 4, 15, 6, 9, 7], 9)


def test_team_without_a_past_does_one_task_a_person_and_a_few_more() -> None:
    assert prior_tasks(5) == 8
    assert prior_tasks(1) == 4
    assert prior_tasks(None) == prior_tasks(0) == 9
    assert prior_tasks(400) == 30


@given(COUNTS)
def test_pace_lies_between_nothing_and_a_little_above_the_best(counts: list[int]) -> None:
    pace = own_pace(counts, 9)
    assert 0 <= pace <= max(*counts, 9) * MIDDLE_TO_MEAN + 1e-9


def test_longer_sprint_completes_more_but_not_in_proportion() -> None:
    (scaled,) = at_length([Counted(8, 7)], 14)
    assert scaled == pytest.approx(8 * 2**0.25)
    assert at_length([Counted(8, 7)], 7) == [8]


def test_unknown_length_scales_nothing() -> None:
    assert at_length([Counted(8, None)], 14) == [8]
    assert at_length([Counted(8, 7)], None) == [8]


def test_completed_small_plan_does_not_lower_the_pace() -> None:
    regular = tuple(Sprint(9, 14, 12) for _ in range(6))
    exhausted = (*regular, *(Sprint(4, 14, 4) for _ in range(6)))
    left_open = (*regular, *(Sprint(4, 14, 5) for _ in range(6)))
    before = pace_at(counted(regular, 9), 14, 9)
    assert pace_at(counted(exhausted, 9), 14, 9) >= before
    assert pace_at(counted(left_open, 9), 14, 9) < 0.6 * before


def test_team_that_always_does_all_it_planned_gets_plans_that_rise_slowly() -> None:
    past: list[Sprint] = []
    for _ in range(8):
        plan = round(pace_at(counted(past, 9), 14, 9))
        past.append(Sprint(plan, 14, plan))
    assert (past[0].committed or 0) <= (past[-1].committed or 0) <= 3 * (past[0].committed or 0)


def test_work_that_arrived_is_apart_from_planned_work() -> None:
    past = [Sprint(10, 14, 6, outside=4, arrived=3)] * 6
    assert [sprint.completed for sprint in planned_work(past)] == [7] * 6
    arrived = arrived_work(past)
    assert arrived is not None
    assert [sprint.completed for sprint in arrived] == [3] * 6


def test_arrived_work_that_is_not_known_of_a_recent_sprint_is_not_taken_apart() -> None:
    past = [*[Sprint(10, 14, arrived=3)] * 5, Sprint(10, 14)]
    assert planned_work(past) == past
    assert planned_work(past[::-1]) == past[::-1]
    assert arrived_work(past) is None
    assert arrived_work(of()) is None


def test_arrived_tasks_are_no_planned_work_outside_the_sprint() -> None:
    # Of 12 finished tasks 9 were in the sprint, and 2 of the 3 others were created in its days.
    (planned,) = planned_work([Sprint(12, 14, 9, outside=3, arrived=2)])
    assert (planned.completed, planned.outside, planned.completed_inside) == (10, 1, 9)


def test_sprint_is_exhausted_although_other_tasks_arrived_and_were_finished() -> None:
    (planned,) = planned_work([Sprint(9, 14, 7, outside=2, arrived=2)])
    assert planned.exhausted
    (window,) = planned_work([Sprint(9, 14, arrived=2)])
    assert (window.completed, window.outside, window.exhausted) == (7, 0, False)


def test_team_that_did_more_than_its_sprint_had_was_not_exhausted() -> None:
    assert Sprint(4, 14, 4).exhausted
    assert not Sprint(5, 14, 5, outside=1).exhausted
    assert not Sprint(4, 14, None).exhausted
