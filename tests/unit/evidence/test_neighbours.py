import pytest

from graphs.evidence.neighbours import (
    POOL,
    NeighbourEvidence,
    against_typical,
    prior,
    weighted_mean,
)

THREE = tuple(NeighbourEvidence(0.5, completed, 10.0, "P") for completed in (6, 8, 10))


def test_more_similar_neighbours_weigh_more() -> None:
    near, far = NeighbourEvidence(0.9, 10, 10.0, "P"), NeighbourEvidence(0.3, 2, 10.0, "P")
    assert weighted_mean([near, far]) == pytest.approx(8)


def test_neighbours_without_similarity_have_no_weight() -> None:
    assert weighted_mean([NeighbourEvidence(0.0, 10, 10.0, "P")]) is None
    assert weighted_mean([]) is None
    assert prior((), tuple(NeighbourEvidence(0.0, 10, 10.0, "P") for _ in range(3))) == POOL


def test_prior_needs_three_neighbours() -> None:
    assert prior((12, 12, 12), THREE[:2]) == POOL
    assert prior((12, 12, 12), THREE).neighbours == 3


def test_with_own_history_neighbours_count_as_a_ratio() -> None:
    assert against_typical(THREE) == pytest.approx(0.8)
    assert prior((100, 100, 100), THREE).mean == pytest.approx((0.5 * 9 + 80) / 1.5)


def test_without_own_history_neighbours_count_in_tasks() -> None:
    assert prior((), THREE).mean == pytest.approx((0.5 * 9 + 8) / 1.5)


def test_neighbours_without_typical_throughput_have_no_ratio() -> None:
    idle = tuple(NeighbourEvidence(0.5, 4, 0.0, "P") for _ in range(3))
    assert against_typical(idle) is None
    assert prior((10, 10, 10), idle).mean == pytest.approx((0.5 * 9 + 4) / 1.5)


def test_ratio_of_nearly_idle_neighbours_is_bounded() -> None:
    nearly_idle = tuple(NeighbourEvidence(0.5, 200, 0.001, "P") for _ in range(3))
    assert against_typical(nearly_idle) == 3
