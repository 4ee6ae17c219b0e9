"""Statistics inside stored feature vectors keep their exact values."""

import pytest

from memory.throughput import smoothed, trend, variation

# Computed before trend and smoothing moved to domain_services/kernel/statistics.py. A stored
# vector is compared with new ones, so not even the last digit may change.
RECORDED = [
    ((7,), 7.0, None, None),
    ((4, 5), 4.3, None, None),
    ((0, 0, 0), 0.0, None, None),
    ((4, 5, 9), 5.71, 0.36004114991154784, 0.4166666666666667),
    ((12, 0, 7, 3, 1, 20, 8, 8), 8.6801886, 0.7709647205103591, 0.14224924012158055),
    ((100, 90, 95, 2, 0, 1, 55), 40.061440000000005, 1.0236992569468217, -0.3238095238095238),
    (tuple(range(1, 13)), 9.71280429067, 0.17977106606946663, 0.10526315789473684),
]


@pytest.mark.parametrize(("completed", "mean", "spread", "slope"), RECORDED)
def test_statistics_of_stored_vectors_keep_their_exact_values(
    completed: tuple[int, ...], mean: float, spread: float | None, slope: float | None
) -> None:
    assert (smoothed(completed), variation(completed), trend(completed)) == (mean, spread, slope)
    assert isinstance(smoothed(completed), float)


def test_project_without_sprints_has_no_statistics() -> None:
    assert (smoothed(()), variation(()), trend(())) == (None, None, None)
