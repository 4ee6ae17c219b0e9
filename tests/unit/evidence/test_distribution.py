from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.evidence.distribution import Distribution, around

DIE = Distribution(2.5, 35 / 12, tuple((n + 1) / 6 for n in range(6)))
MEANS = st.floats(0.5, 300)
SPREADS = st.floats(0.05, 8)


def test_quantiles_and_tails_of_a_die() -> None:
    assert DIE.quantile(0.5) == 2
    assert DIE.at_most(1) == pytest.approx(2 / 6)
    assert DIE.at_least(4) == pytest.approx(2 / 6)
    assert (DIE.at_most(-1), DIE.at_most(99), DIE.at_least(0)) == (0, 1, 1)


def test_plan_is_the_largest_count_that_is_reached_with_the_certainty() -> None:
    assert DIE.most_with(0.5) == 2
    assert (DIE.at_least(2), DIE.at_least(3)) == (pytest.approx(4 / 6), pytest.approx(1 / 2))
    assert DIE.most_with(0.84) == 0
    assert DIE.most_with(0.83) == 1


def test_interval_leaves_out_the_same_share_at_both_ends() -> None:
    # Both ends at half of a count's probability: 0 and 5 are left out, each with a sixth.
    assert DIE.interval(0.6) == (1, 4)
    assert DIE.interval(0.8) == (1, 4)
    assert DIE.interval(0.9) == (0, 5)


@given(st.floats(2, 40), st.floats(1.2, 6))
def test_interval_covers_its_share_on_average_over_many_distributions(
    mean: float, spread: float
) -> None:
    covered = []
    for step in range(60):
        distribution = around(mean + step / 20, spread * (mean + step / 20))
        low, high = distribution.interval(0.7)
        covered.append(distribution.at_most(high) - distribution.at_most(low - 1))
    assert sum(covered) / len(covered) == pytest.approx(0.7, abs=0.06)


def test_promised_count_is_reached_with_its_probability_on_average() -> None:
    # P(below 1) + P(1) / 2 = 0.25, P(0) / 2 = 0.083: the 85 % promise is 1, reached 5 of 6 times.
    assert (DIE.promise(0.85), DIE.at_least(1)) == (1, pytest.approx(5 / 6))
    assert DIE.promise(0.95) == 0


def test_median_has_the_smallest_expected_miss() -> None:
    assert DIE.expected_miss(0) == pytest.approx(2.5)
    assert min(range(6), key=DIE.expected_miss) == DIE.quantile(0.5)


def test_probability_of_ending_nearer_leaves_ties_out() -> None:
    assert DIE.probability_nearer(1, 3) == pytest.approx(2 / 5)
    assert DIE.probability_nearer(3, 1) == pytest.approx(3 / 5)
    assert DIE.probability_nearer(1, 2) == pytest.approx(2 / 6)
    assert DIE.probability_nearer(4, 4) is None


@given(MEANS, SPREADS)
def test_masses_make_a_distribution_around_the_mean(mean: float, spread: float) -> None:
    distribution = around(mean, spread * mean)
    masses = [after - before for before, after in pairwise((0.0, *distribution.cumulative))]
    assert all(mass >= 0 for mass in masses)
    assert sum(masses) == pytest.approx(1, abs=0.002)
    assert sum(n * mass for n, mass in enumerate(masses)) == pytest.approx(mean, rel=0.08)


def test_smaller_spread_than_by_chance_is_narrower_than_poisson() -> None:
    (low, high), (lower, higher) = around(20, 8).interval(), around(20, 20).interval()
    assert high - low < higher - lower


def test_team_that_completed_nothing_may_complete_a_task() -> None:
    distribution = around(0.0, 0.0)
    assert distribution.mean == 0.5
    assert distribution.at_least(1) > 0


def test_thousands_of_tasks_are_distributed_as_well() -> None:
    distribution = around(3000, 3000 + 0.35 * 3000**2)
    assert len(distribution.cumulative) < 60_000
    assert distribution.cumulative[-1] == pytest.approx(1, abs=0.002)
    assert distribution.quantile(0.5) == pytest.approx(2700, rel=0.1)


def test_few_sprints_follow_no_past() -> None:
    assert around(30, 40).at_most(2) > 0.005
    assert around(30, 40, unforeseen=0.0).at_most(2) < 0.001
