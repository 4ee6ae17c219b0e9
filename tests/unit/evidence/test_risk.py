from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.intelligence.reader import as_planned
from agent.intelligence.risk import SprintWindow, assess, at_most_in_share
from agent.intelligence.schema import RiskAssessment
from graphs.evidence.adjustment import propose
from graphs.evidence.distribution import predict
from graphs.evidence.expectation import expect
from graphs.evidence.forecast import Evidence
from graphs.evidence.neighbours import NeighbourEvidence
from graphs.evidence.risk import Risks, assess_plan
from graphs.evidence.shipped import shipped
from graphs.evidence.throughput import Sprint
from graphs.state import PastSprint, Snapshot
from memory.episode import Perception
from memory.recall import Recall
from tests.unit.evidence.sprints import of
from tests.unit.rules.conftest import FACTS, SPRINT

STEADY = of(8, 9, 7, 8, 9, 8)
SIMILAR = tuple(NeighbourEvidence(0.8, count, 4.0, f"P{count}") for count in (3, 4, 5))


def plan(
    history: tuple[Sprint, ...],
    neighbours: tuple[NeighbourEvidence, ...],
    planned: int,
    capacity_share: float | None = None,
    days: int | None = None,
) -> Risks:
    """Assess a plan that leaves tasks in the backlog."""
    evidence = Evidence(
        project_id="APOLLO",
        history=history,
        neighbours=neighbours,
        rule_tasks=planned,
        unassigned=planned + 1,
        max_tasks=None,
        capacity_share=capacity_share,
        days=days,
    )
    return assess_plan(evidence, planned)


def test_plan_far_above_the_pace_fails_and_one_far_below_does_not() -> None:
    assert (plan(STEADY, (), 25).failure or 0) > 0.9
    assert (plan(STEADY, (), 2).failure or 1) < 0.1


def test_days_off_raise_the_overload_of_a_plan() -> None:
    full, half = (
        plan(STEADY, (), 8, 1.0),
        plan(STEADY, (), 8, 0.5),
    )
    assert (full.overload or 1) < (half.overload or 0)
    assert plan(STEADY, (), 8) == full


def test_too_little_evidence_has_no_probability() -> None:
    thin = plan(STEADY[:2], SIMILAR[:2], 8)
    assert (thin.overall, thin.failure, thin.overload) == (None, None, None)
    assert "3 past sprints of the project (2 known)" in thin.reason
    assert plan(STEADY[:3], (), 8).failure is not None


def test_overload_needs_own_sprints() -> None:
    risks = plan((), SIMILAR, 8)
    assert (risks.overload, risks.sample_size) == (None, 3)
    assert risks.overall == risks.failure is not None


def test_plan_of_the_whole_backlog_counts_what_such_plans_were_worth() -> None:
    honest = tuple(Sprint(8, 14, 9) for _ in range(8))
    boastful = tuple(Sprint(8, 14, 16) for _ in range(8))

    def everything(history: tuple[Sprint, ...]) -> Risks:
        evidence = Evidence("APOLLO", history, (), 10, 10, None, None, None)
        return assess_plan(evidence, 10)

    assert (everything(honest).failure or 1) < (everything(boastful).failure or 0)
    assert everything(honest).overload == everything(boastful).overload


def test_risk_is_that_of_the_expectation_that_a_decision_states() -> None:
    evidence = Evidence("APOLLO", STEADY, (), 10, 20, None, None, 14)
    proposal, expectation = propose(evidence, shipped()), expect(evidence)
    assert expectation is not None
    assert (proposal.expected, proposal.low, proposal.high) == (
        expectation.prediction.mean,
        expectation.low,
        expectation.high,
    )
    assert proposal.reason.startswith(expectation.sentence)
    chance = next(p for p in proposal.parts if p.name == "chance_to_complete_original")
    assert assess_plan(evidence, 10).failure == pytest.approx(1 - chance.value)


def test_empty_plan_has_no_risk() -> None:
    assert plan(STEADY, (), 0).overall is None


@given(st.lists(st.integers(0, 60), min_size=3, max_size=12), st.integers(1, 50))
def test_more_planned_tasks_never_lower_a_risk(history: list[int], planned: int) -> None:
    smaller, larger = (
        plan(of(*history), (), planned),
        plan(of(*history), (), planned + 1),
    )
    assert 0 <= (smaller.failure or 0) <= (larger.failure or 0) <= 1
    assert smaller.overall == max(smaller.failure or 0, smaller.overload or 0)


START = date(2016, 6, 6)
NO_EPISODES = Recall.nothing("nothing is similar")


def in_progress(
    *, day: int = 1, weeks: int = 2, total: int = 10, pending: int = 10, past: int = 6, **facts: Any
) -> Snapshot:
    """Describe `day` of a sprint, after sprints of the same length that completed 8 of 10."""
    days = 7 * weeks
    starts = [START - timedelta(days * (past - number)) for number in range(past)]
    last = START + timedelta(days - 1)
    sprint = replace(SPRINT, end_date=last, total_tasks=total, pending_tasks=pending)
    today = START + timedelta(day - 1)
    return Snapshot(
        facts=replace(FACTS, today=today, active_sprint=sprint, **facts),
        perception=Perception(
            project_id="APOLLO",
            day=today,
            backlog_tasks=20,
            unassigned_tasks=17,
            sprint_days=14,
            past_sprints=past,
        ),
        timezone="Europe/Berlin",
        past=tuple(
            PastSprint(f"APOLLO-S{number:02}", first, first + timedelta(days - 1), 8, 10)
            for number, first in enumerate(starts, start=1)
        ),
        average_velocity=8.0,
        trend=None,
    )


def assessed(snapshot: Snapshot, recalled: Recall = NO_EPISODES) -> RiskAssessment:
    sprint = snapshot.facts.active_sprint
    assert sprint is not None
    return assess(snapshot, recalled, SprintWindow(START, sprint.end_date, None))


def test_sprint_in_progress_recalls_by_the_state_that_it_was_planned_in() -> None:
    planned = in_progress(total=10, pending=10)
    before = planned.perception.model_copy(update={"unassigned_tasks": 27})
    for pending, backlog in ((10, 20), (6, 16)):
        now = in_progress(total=10, pending=pending)
        state = now.perception.model_copy(
            update={"backlog_tasks": backlog, "sprint_in_progress": True}
        )
        assert as_planned(replace(now, perception=state)) == before
    free = replace(planned, facts=replace(planned.facts, active_sprint=None))
    assert as_planned(free) == free.perception


def test_sprint_without_pending_tasks_has_no_risk() -> None:
    for past in (6, 0):
        assessment = assessed(in_progress(pending=0, past=past))
        assert (assessment.sprint_failure_probability, assessment.overall_risk) == (0, 0)
        assert assessment.capacity_overload_risk == 0
    assert assessed(in_progress(total=0, pending=0)).overall_risk is None


def test_sprint_on_its_first_day_has_the_risk_of_its_plan() -> None:
    assessment = assessed(in_progress())
    planned = plan(tuple(Sprint(8, 14, 10) for _ in range(6)), (), 10, None, 14)
    assert assessment.sprint_failure_probability == pytest.approx(planned.failure, abs=1e-5)
    assert assessment.capacity_overload_risk == pytest.approx(planned.overload, abs=1e-5)


def test_completed_tasks_lower_the_risk_and_passing_days_raise_it() -> None:
    by_pending = [
        assessed(in_progress(day=8, pending=n)).sprint_failure_probability for n in (9, 4, 1)
    ]
    assert by_pending == sorted(by_pending, reverse=True)
    assert len(set(by_pending)) == 3
    by_day = [
        assessed(in_progress(day=n, pending=4)).sprint_failure_probability for n in (2, 8, 14)
    ]
    assert by_day == sorted(by_day)
    assert len(set(by_day)) == 3
    assert assessed(in_progress(day=15, pending=1)).sprint_failure_probability == pytest.approx(1)
    assert assessed(in_progress(day=15, pending=0)).sprint_failure_probability == 0


def test_longer_sprint_is_assessed_by_its_own_length() -> None:
    """The window of two weeks does not apply to a team whose sprints take four."""
    long, short = assessed(in_progress(weeks=4)), assessed(in_progress(weeks=2))
    assert long.sprint_failure_probability == pytest.approx(short.sprint_failure_probability)
    away = assessed(in_progress(weeks=4, team_working_days=0, working_days=10))
    assert away.sprint_failure_probability == long.sprint_failure_probability


def test_share_of_the_window_has_that_share_of_the_expectation() -> None:
    whole = predict(STEADY)
    rest = [at_most_in_share(whole, 0.3, count) for count in range(80)]
    assert sum(1 - probability for probability in rest) == pytest.approx(0.3 * whole.mean, rel=1e-3)
    assert rest == sorted(rest)
    assert at_most_in_share(whole, 1.0, 7) == pytest.approx(whole.at_most(7))


def test_too_few_past_sprints_are_the_reason_of_an_unknown_risk() -> None:
    reason = assessed(in_progress(past=1)).reasons["overall_risk"]
    assert "3 past sprints of the project (1 known) or 3 similar projects (0 known)" in reason
