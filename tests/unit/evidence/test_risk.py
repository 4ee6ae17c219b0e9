from hypothesis import given
from hypothesis import strategies as st

from graphs.evidence.distribution import Window
from graphs.evidence.neighbours import NeighbourEvidence
from graphs.evidence.risk import risks
from graphs.evidence.throughput import Sprint
from tests.unit.evidence.sprints import of

STEADY = of(8, 9, 7, 8, 9, 8)
SIMILAR = tuple(NeighbourEvidence(0.8, completed, 4.0, "P") for completed in (3, 4, 5))


def test_a_plan_far_above_the_pace_fails_and_one_far_below_does_not():
    assert (risks(STEADY, (), 25).failure or 0) > 0.9
    assert (risks(STEADY, (), 2).failure or 1) < 0.1


def test_days_off_overload_a_plan():
    full, half = (
        risks(STEADY, (), 8, Window(capacity_share=1.0)),
        risks(STEADY, (), 8, Window(capacity_share=0.5)),
    )
    assert (full.overload or 1) < (half.overload or 0)
    assert risks(STEADY, (), 8) == full


def test_too_little_evidence_gives_no_number():
    thin = risks(STEADY[:2], SIMILAR[:2], 8)
    assert (thin.overall, thin.failure, thin.overload) == (None, None, None)
    assert "2 past sprints (3 needed)" in thin.reason
    assert risks(STEADY[:3], (), 8).failure is not None


def test_neighbours_alone_know_no_overload():
    found = risks((), SIMILAR, 8)
    assert (found.overload, found.sample_size) == (None, 3)
    assert found.overall == found.failure is not None


def test_a_team_that_overcommits_is_not_believed_when_it_plans_more():
    honest = tuple(Sprint(8, 14, 9) for _ in range(8))
    boastful = tuple(Sprint(8, 14, 16) for _ in range(8))
    assert (risks(honest, (), 10).failure or 1) < (risks(boastful, (), 10).failure or 0)
    assert risks(honest, (), 10).overload == risks(boastful, (), 10).overload


def test_nothing_planned_is_no_risk():
    assert risks(STEADY, (), 0).overall is None


@given(st.lists(st.integers(0, 60), min_size=3, max_size=12), st.integers(1, 50))
def test_more_planned_tasks_never_lower_a_risk(history, planned):
    here, more = risks(of(*history), (), planned), risks(of(*history), (), planned + 1)
    assert 0 <= (here.failure or 0) <= (more.failure or 0) <= 1
    assert here.overall == max(here.failure or 0, here.overload or 0)
