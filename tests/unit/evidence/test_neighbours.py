import pytest

from graphs.evidence.neighbours import (
    NeighbourEvidence,
    against_typical,
    drawn_to_neighbours,
    weighted_mean,
)

THREE = tuple(NeighbourEvidence(0.5, completed, 10.0, "P") for completed in (6, 8, 10))


def test_more_similar_neighbours_weigh_more() -> None:
    near, far = NeighbourEvidence(0.9, 10, 10.0, "P"), NeighbourEvidence(0.3, 2, 10.0, "P")
    assert weighted_mean([near, far]) == pytest.approx(8)


def test_neighbours_without_similarity_have_no_weight() -> None:
    assert weighted_mean([NeighbourEvidence(0.0, 10, 10.0, "P")]) is None
    assert weighted_mean([]) is None
    idle = tuple(NeighbourEvidence(0.0, 10, 10.0, "P") for _ in range(3))
    assert drawn_to_neighbours(9, 6, idle) is None


def test_fewer_than_three_neighbours_say_nothing() -> None:
    assert drawn_to_neighbours(12, 3, THREE[:2]) is None
    assert drawn_to_neighbours(12, 3, THREE) is not None


def test_with_own_history_neighbours_count_as_a_ratio() -> None:
    assert against_typical(THREE) == pytest.approx(0.8)
    assert drawn_to_neighbours(100, 6, THREE) == pytest.approx((6.5 * 100 + 80) / 7.5)


def test_without_own_history_neighbours_count_in_tasks() -> None:
    assert drawn_to_neighbours(9, 0, THREE) == pytest.approx((0.5 * 9 + 8) / 1.5)


def test_long_history_outweighs_neighbours_no_more_than_six_sprints_do() -> None:
    assert drawn_to_neighbours(100, 300, THREE) == drawn_to_neighbours(100, 6, THREE)


def test_neighbours_without_a_typical_pace_count_in_tasks() -> None:
    idle = tuple(NeighbourEvidence(0.5, 4, 0.0, "P") for _ in range(3))
    assert against_typical(idle) is None
    assert drawn_to_neighbours(10, 3, idle) == pytest.approx((3.5 * 10 + 4) / 4.5)


def test_ratio_of_nearly_idle_neighbours_is_bounded() -> None:
    nearly_idle = tuple(NeighbourEvidence(0.5, 200, 0.001, "P") for _ in range(3))
    assert against_typical(nearly_idle) == 3
