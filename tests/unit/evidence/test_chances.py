import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.evidence.chances import (
    chances_now,
    chances_of_counts,
    pool_chances,
    share_in_words,
)
from graphs.thresholds import LOOK_BACK_WINDOWS
from tests.unit.evidence.sprints import ages, by_class

# In each window 6 of 10 tasks of a week and 1 of 10 tasks of half a year are finished.
WINDOWS = [(by_class(d7=10, d112=10), by_class(d7=6, d112=1))] * 12
COUNTS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=10).map(
    lambda pairs: [(float(max(pair)), float(min(pair))) for pair in pairs]
)


def test_chance_of_an_age_is_how_often_such_tasks_were_finished() -> None:
    chances = chances_now(ages(WINDOWS, by_class()))
    assert chances.own
    assert chances.of_age(8) == pytest.approx(0.6, abs=0.03)
    assert chances.of_age(150) == pytest.approx(0.1, abs=0.03)
    assert chances.in_words(8) == "finished within two weeks: 6 of 10 of this age"


def test_age_that_was_never_seen_takes_the_share_of_its_neighbours() -> None:
    chances = chances_now(ages(WINDOWS, by_class()))
    assert chances.of_age(8) >= chances.of_age(60) >= chances.of_age(150)
    assert chances.of_age(4000) <= chances.of_age(150)
    assert chances.of_age(-3) == chances.of_age(0)


@given(COUNTS)
def test_chances_never_rise_with_age_and_are_probabilities(
    totals: list[tuple[float, float]],
) -> None:
    chances = chances_of_counts(totals)
    assert len(chances) == len(totals)
    assert all(0 < chance < 1 for chance in chances)
    assert list(chances) == sorted(chances, reverse=True)


def test_short_past_has_the_chances_of_other_projects() -> None:
    short = ages([(by_class(d7=10), by_class(d7=5))] * 5, by_class())
    chances = chances_now(short)
    assert not chances.own
    assert chances.of_age(13) > chances.of_age(14) > chances.of_age(30) > chances.of_age(90)
    assert chances.in_words(3).endswith("of this age in other projects")
    assert chances_now(ages([(by_class(d7=10), by_class(d7=6))] * 5, by_class())).own


def test_shorter_window_has_smaller_chances() -> None:
    week, month = pool_chances(7), pool_chances(28)
    assert week.of_age(5) < pool_chances(14).of_age(5) < month.of_age(5) < 1
    assert "within a week" in week.in_words(5)
    assert "within 10 days" in pool_chances(10).in_words(5)


def test_task_is_stale_when_tasks_of_its_age_are_hardly_ever_finished() -> None:
    chances = chances_now(ages(WINDOWS, by_class()))
    assert chances.is_stale(150)
    assert not chances.is_stale(8)


def test_classes_of_equal_chance_are_one_class_for_the_order() -> None:
    chances = chances_now(ages(WINDOWS, by_class()))
    borders = chances.merged_borders
    assert borders[0] == 0
    assert len({chances.of_age(border) for border in borders}) == len(borders)


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.97, "10 of 10"), (0.1, "1 of 10"), (0.09, "9 of 100"), (0.001, "fewer than 1 of 100")],
)
def test_share_is_described_by_a_count(share: float, words: str) -> None:
    assert share_in_words(share) == words


def test_windows_of_long_ago_do_not_count() -> None:
    long_ago = [(by_class(d7=50), by_class())] * 30
    recent = (WINDOWS * 7)[-LOOK_BACK_WINDOWS:]
    assert chances_now(ages(long_ago + recent, by_class())) == chances_now(ages(recent, by_class()))


def test_classes_that_are_pooled_weigh_by_their_tasks() -> None:
    # The older class was finished more often: both take the share of all of their tasks.
    (younger, older) = chances_of_counts([(10, 2), (90, 81)])
    assert younger == older == pytest.approx(0.83, abs=0.01)
