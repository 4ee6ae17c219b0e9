import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.evidence.commitment import completed_over_committed, with_plan
from graphs.evidence.distribution import Window, predict
from graphs.evidence.neighbours import POOL
from graphs.evidence.throughput import Sprint

HALF = tuple(Sprint(5, 14, 10) for _ in range(3))


def test_ratio_needs_three_known_commitments() -> None:
    assert completed_over_committed(HALF) is not None
    assert completed_over_committed(HALF[:2]) is None
    unknown = (*HALF[:2], Sprint(5, 14, None))
    assert completed_over_committed(unknown) is None


def test_ratio_of_few_sprints_is_shrunk_towards_one() -> None:
    weights = 1 + 0.85 + 0.85**2
    expected = (5 * weights + 10 * 5) / (10 * weights + 10 * 5)
    assert completed_over_committed(HALF) == pytest.approx(expected)


@given(st.integers(3, 12))
def test_ratio_of_more_sprints_is_shrunk_less(sprints: int) -> None:
    short = completed_over_committed([Sprint(5, 14, 10)] * sprints)
    longer = completed_over_committed([Sprint(5, 14, 10)] * (sprints + 1))
    assert 0.5 < (longer or 0) < (short or 0) < 1


def test_empty_commitments_have_no_ratio() -> None:
    assert completed_over_committed([Sprint(5, 14, 0)] * 4) is None


def test_plan_moves_the_expectation_and_narrows_the_spread() -> None:
    past = tuple(Sprint(40, 14, 40) for _ in range(6))
    unplanned = predict(past, POOL, Window(14))
    larger = predict(past, POOL, Window(14, planned=80))
    assert larger.mean == pytest.approx(with_plan(unplanned.mean, 1.0, 80))
    planned = predict(past, POOL, Window(14, planned=40))
    (low, high), (lower, higher) = planned.interval(), unplanned.interval()
    assert high - low < higher - lower


def test_plan_without_known_commitments_changes_nothing() -> None:
    past = tuple(Sprint(10, 14) for _ in range(6))
    assert predict(past, POOL, Window(14, planned=20)) == predict(past, POOL, Window(14))
