import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.evidence.throughput import Sprint, at_length, expected_pace, mean_of_last, smoothed
from tests.unit.evidence.sprints import of

COUNTS = st.lists(st.integers(0, 500), min_size=1, max_size=30)


def test_constant_history_is_its_own_mean() -> None:
    assert smoothed([7, 7, 7, 7]) == pytest.approx(7)


def test_newest_sprint_weighs_most() -> None:
    assert smoothed([0, 10]) == pytest.approx(10 / 1.85)
    assert smoothed([10, 0]) == pytest.approx(8.5 / 1.85)


def test_without_history_the_prior_is_the_result() -> None:
    assert smoothed([], prior=9, prior_weight=0.5) == 9


def test_short_history_leans_on_the_prior_more_than_a_long_one() -> None:
    short, long = smoothed([20], 10, 0.5), smoothed([20] * 12, 10, 0.5)
    assert short == pytest.approx(25 / 1.5)
    assert 10 < short < long < 20


def test_smoothing_needs_history_or_a_prior() -> None:
    with pytest.raises(ValueError, match="nothing to smooth"):
        smoothed([])


@given(COUNTS)
def test_smoothed_mean_stays_within_its_history(counts: list[int]) -> None:
    assert min(counts) - 1e-9 <= smoothed(counts) <= max(counts) + 1e-9


def test_pace_follows_a_drifting_team_faster_than_a_scattering_one() -> None:
    drifting, scattering = (4,) * 8 + (20,) * 8, (4, 20) * 8
    slow, fast = (smoothed_by(drifting, factor) for factor in (0.1, 0.3))
    pace = expected_pace(of(*drifting), 14, 9, 0.5)
    assert slow < pace < fast
    assert fast - pace < 0.1 * (fast - slow)
    slow, fast = (smoothed_by(scattering, factor) for factor in (0.1, 0.3))
    assert expected_pace(of(*scattering), 14, 9, 0.5) - slow < 0.1 * (fast - slow)


def smoothed_by(counts: tuple[int, ...], factor: float) -> float:
    weights = [(1 - factor) ** age for age in range(len(counts))][::-1]
    total = sum(w * count for w, count in zip(weights, counts, strict=True))
    return (total + 0.5 * 9) / (sum(weights) + 0.5)


@given(COUNTS)
def test_pace_stays_between_its_history_and_its_prior(counts: list[int]) -> None:
    pace = expected_pace(of(*counts), 14, 9, 0.5)
    assert min(*counts, 9) - 1e-9 <= pace <= max(*counts, 9) + 1e-9


def test_longer_history_leans_less_on_the_prior() -> None:
    gaps = [abs(20 - expected_pace(of(20) * sprints, 14, 9, 0.5)) for sprints in range(1, 12)]
    assert gaps == sorted(gaps, reverse=True)
    assert expected_pace((), 14, 9, 0.5) == 9


def test_completed_small_plan_does_not_lower_the_pace() -> None:
    regular = tuple(Sprint(9, 14, 12) for _ in range(6))
    exhausted = (*regular, *(Sprint(4, 14, 4) for _ in range(6)))
    left_open = (*regular, *(Sprint(4, 14, 5) for _ in range(6)))
    assert expected_pace(exhausted, 14, 9, 0.5) == pytest.approx(expected_pace(regular, 14, 9, 0.5))
    assert expected_pace(left_open, 14, 9, 0.5) < 7
    raised = (*regular, *(Sprint(15, 14, 15) for _ in range(6)))
    assert expected_pace(raised, 14, 9, 0.5) > 12


def test_mean_of_the_last_three_needs_three_sprints() -> None:
    assert mean_of_last(of(1, 2, 3, 7)) == 4
    assert mean_of_last(of(2, 7)) is None


def test_longer_sprint_completes_more_but_not_in_proportion() -> None:
    (scaled,) = at_length([Sprint(8, days=7)], 14)
    assert scaled == pytest.approx(8 * 2**0.25)
    assert at_length([Sprint(8, days=7)], 7) == [8]


def test_unknown_length_scales_nothing() -> None:
    assert at_length([Sprint(8)], 14) == [8]
    assert at_length([Sprint(8, days=7)], None) == [8]
