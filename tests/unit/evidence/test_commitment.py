import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.evidence.commitment import (
    completed_over_committed,
    known_commitments,
    with_scope,
)
from graphs.evidence.pace import Sprint

HALF = tuple(Sprint(5, 14, 10) for _ in range(3))


def test_ratio_of_few_sprints_is_shrunk_towards_one() -> None:
    assert completed_over_committed(HALF) == pytest.approx((15 + 50) / (30 + 50))


@given(st.integers(1, 12))
def test_ratio_of_more_sprints_is_shrunk_less(sprints: int) -> None:
    short = completed_over_committed([Sprint(5, 14, 10)] * sprints)
    longer = completed_over_committed([Sprint(5, 14, 10)] * (sprints + 1))
    assert 0.5 < longer < short < 1


def test_without_a_known_commitment_plans_are_taken_as_they_are() -> None:
    assert completed_over_committed([Sprint(5, 14)] * 4) == 1
    assert completed_over_committed([Sprint(5, 14, 0)] * 4) == 1
    assert known_commitments([*HALF, Sprint(5, 14)]) == [(5, 10)] * 3


def test_only_tasks_of_the_sprint_count_against_its_commitment() -> None:
    outside = [Sprint(15, 14, 10, outside=10)] * 3
    assert completed_over_committed(outside) == completed_over_committed(HALF)


def test_scope_counts_for_more_than_the_pace() -> None:
    assert with_scope(10, 0.5, 40) == pytest.approx(0.6 * 20 + 0.4 * 10)
