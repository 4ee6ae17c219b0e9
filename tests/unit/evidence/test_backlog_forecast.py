import pytest

from graphs.evidence.backlog_forecast import backlog_forecast, chosen_forecast
from graphs.evidence.payoff import payoff
from graphs.thresholds import LOOK_BACK_WINDOWS
from tests.unit.evidence.sprints import ages, by_class

# Young tasks are finished, old ones are not; how many are young changes from window to window.
YOUNG = [2, 9, 4, 12, 1, 7, 10, 3, 8, 5] * 4
WINDOWS = [
    (by_class(d3=count, d224=20), by_class(d3=round(0.8 * count), d224=0)) for count in YOUNG
]


def test_sum_of_chances_follows_how_many_tasks_are_young() -> None:
    few, many = (
        backlog_forecast(ages(WINDOWS, by_class(d3=count, d224=20)), 9) for count in (2, 12)
    )
    assert few is not None and many is not None
    assert few.distribution.mean < 3
    assert many.distribution.mean == pytest.approx(0.8 * 12, abs=1)


def test_past_windows_show_that_following_the_chances_pays() -> None:
    forecast = backlog_forecast(ages(WINDOWS, by_class(d3=5)), 9)
    assert forecast is not None
    record = payoff(forecast.pairs, 1.5)
    assert record.pairs == 24
    assert record.confidence > 0.95
    assert (record.evidence_error or 9) < 0.5 * (record.rule_error or 0)


def test_outcome_of_a_window_is_not_known_to_its_own_plans() -> None:
    before = backlog_forecast(ages(WINDOWS, by_class(d3=5)), 9)
    last = (WINDOWS[-1][0], by_class(d3=0))
    after = backlog_forecast(ages([*WINDOWS[:-1], last], by_class(d3=5)), 9)
    assert before is not None and after is not None
    assert [(p.rule, p.evidence) for p in before.pairs] == [
        (p.rule, p.evidence) for p in after.pairs
    ]
    assert before.pairs[-1].completed != after.pairs[-1].completed


def test_outcome_of_a_large_window_is_not_known_to_its_own_plan() -> None:
    steady_windows = [(by_class(d3=10), by_class(d3=5))] * 8
    none, all_done = (
        backlog_forecast(
            ages([*steady_windows, (by_class(d3=60), by_class(d3=done))], by_class()), 9
        )
        for done in (0, 60)
    )
    assert none is not None and all_done is not None
    assert none.pairs[-1].evidence == all_done.pairs[-1].evidence


def test_few_finished_tasks_are_no_evidence_for_the_size_of_a_plan() -> None:
    assert backlog_forecast(ages(WINDOWS[:3], by_class(d3=5)), 9) is None
    assert backlog_forecast(ages([], by_class(d3=5)), 9) is None


def test_half_of_the_working_time_halves_the_expectation() -> None:
    full, half = (
        backlog_forecast(ages(WINDOWS, by_class(d3=10)), 9, share) for share in (1.0, 0.5)
    )
    assert full is not None and half is not None
    assert half.distribution.mean == pytest.approx(full.distribution.mean / 2)


def test_empty_backlog_is_expected_to_finish_hardly_anything() -> None:
    forecast = backlog_forecast(ages(WINDOWS, by_class()), 9)
    assert forecast is not None
    assert forecast.distribution.mean == 0.5


def test_draft_is_expected_to_finish_the_sum_of_its_chances() -> None:
    forecast = chosen_forecast([0.8, 0.8, 0.4], ages(WINDOWS, by_class()))
    assert forecast.mean == pytest.approx(2.0)


def test_windows_without_a_past_are_in_the_chances_and_not_added_again() -> None:
    forecast = backlog_forecast(ages(WINDOWS, by_class(d3=12)), 9)
    assert forecast is not None
    assert forecast.distribution.at_most(1) < 0.005


def test_windows_of_long_ago_do_not_count() -> None:
    long_ago = [(by_class(d3=10), by_class(d3=1))] * 30
    recent = (WINDOWS * 2)[-LOOK_BACK_WINDOWS:]
    long, short = (
        backlog_forecast(ages(windows, by_class(d3=5)), 9)
        for windows in (long_ago + recent, recent)
    )
    assert long is not None and short is not None
    assert long.distribution.mean == pytest.approx(short.distribution.mean)


def test_past_plans_hold_no_more_tasks_than_were_open() -> None:
    windows = [(by_class(d3=count), by_class(d3=count)) for count in (12, 1) * 10]
    forecast = backlog_forecast(ages(windows, by_class(d3=5)), 9)
    assert forecast is not None
    assert {max(pair.rule, pair.evidence) for pair in forecast.pairs if pair.completed == 1} == {1}


def test_windows_before_the_first_finished_task_are_no_pace() -> None:
    nothing = [(by_class(d3=3), by_class())] * 5
    late, known = (
        backlog_forecast(ages(windows, by_class(d3=5)), 9)
        for windows in (nothing + WINDOWS[:15], WINDOWS[:15])
    )
    assert late is not None and known is not None
    assert [pair.rule for pair in late.pairs] == [pair.rule for pair in known.pairs]
    # Of the first one the prior alone would be judged.
    assert len(known.pairs) == 14
