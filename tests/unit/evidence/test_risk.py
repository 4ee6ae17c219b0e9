from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.intelligence.expected import ExpectedWork, Knowledge, expected_work
from agent.intelligence.reader import as_planned
from agent.intelligence.risk import (
    Risks,
    SprintWindow,
    assess,
    assess_plan,
    at_most_in_share,
    coverage,
)
from agent.intelligence.schema import RiskAssessment
from graphs.evidence.evidence import Evidence
from graphs.evidence.forecast import own_forecast
from graphs.evidence.pace import Sprint
from graphs.evidence.shipped import shipped
from graphs.nodes.history import as_sprint
from graphs.state import Mode, PastSprint, Snapshot
from memory.episode import Perception
from memory.recall import Recall
from tests.unit.evidence.sprints import ages, by_class, of
from tests.unit.rules.conftest import FACTS, SPRINT

STEADY = of(8, 9, 7, 8, 9, 8)
NO_EPISODES = Recall.nothing("nothing is similar")
MODE = Mode("intelligence_enhanced", 0.75, True, True)
KNOWLEDGE = Knowledge(NO_EPISODES, (), MODE, shipped())
START = date(2016, 6, 6)


def work(history: tuple[Sprint, ...] = STEADY, **values: Any) -> ExpectedWork:
    evidence = Evidence(project_id="APOLLO", history=history, plannable=40, days=14)
    return expected_work(replace(evidence, **values), (), KNOWLEDGE)


def plan(planned: int, history: tuple[Sprint, ...] = STEADY, **values: Any) -> Risks:
    return assess_plan(work(history, **values), planned)


def test_plan_far_above_the_pace_fails_and_one_far_below_does_not() -> None:
    assert (plan(25).failure or 0) > 0.9
    assert (plan(2).failure or 1) < 0.1


def test_days_off_raise_the_overload_of_a_plan() -> None:
    full, half = plan(8, capacity_share=1.0), plan(8, capacity_share=0.5)
    assert (full.overload or 1) < (half.overload or 0)
    assert plan(8) == full


def test_without_a_past_sprint_there_is_no_probability() -> None:
    unknown = plan(8, ())
    assert (unknown.overall, unknown.failure, unknown.overload) == (None, None, None)
    assert "no past sprint of the project is known" in unknown.reason
    assert plan(8, STEADY[:1]).failure is not None


def test_evidence_that_pays_is_what_the_risk_rests_on() -> None:
    young = [2, 9, 4, 12, 1, 7, 10, 3, 8, 5] * 4
    windows = [(by_class(d3=count, d224=20), by_class(d3=round(0.8 * count))) for count in young]
    few = ages(windows, by_class(d3=2, d224=20))
    followed = work(ages=few)
    assert followed.follows
    assert followed.expectation.planned == followed.proposal.forecast
    assert (assess_plan(followed, 6).failure or 0) > (assess_plan(followed, 6).overload or 0)
    assert "how often tasks of their age were finished" in assess_plan(followed, 6).reason
    evidence = followed.evidence
    modes = (
        replace(MODE, name="rule_based_only"),
        replace(MODE, enable_task_count_adjustment=False),
    )
    for mode in modes:
        ignored = expected_work(evidence, (), replace(KNOWLEDGE, mode=mode))
        assert ignored.expectation.planned == evidence.own_pace


def test_empty_plan_has_no_risk() -> None:
    assert plan(0).overall is None


@given(st.lists(st.integers(0, 60), min_size=3, max_size=12), st.integers(1, 50))
def test_more_planned_tasks_never_lower_a_risk(history: list[int], planned: int) -> None:
    smaller, larger = plan(planned, of(*history)), plan(planned + 1, of(*history))
    assert 0 <= (smaller.failure or 0) <= (larger.failure or 0) <= 1
    assert smaller.overall == max(smaller.failure or 0, smaller.overload or 0)


def test_scope_of_a_sprint_is_reviewed_by_past_commitments() -> None:
    half = tuple(Sprint(8, 14, 16) for _ in range(8))
    assert (work(half).review(23) or "").startswith("Of the 23 picked expect ")
    assert work(half).review(0) is None


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


def assessed(snapshot: Snapshot) -> RiskAssessment:
    sprint = snapshot.facts.active_sprint
    assert sprint is not None
    window = SprintWindow(START, sprint.end_date, None)
    evidence = Evidence(
        project_id="APOLLO",
        history=tuple(as_sprint(past) for past in snapshot.past),
        plannable=17,
        days=window.days,
    )
    return assess(snapshot, expected_work(evidence, snapshot.past, KNOWLEDGE), window)


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
    planned = plan(10, tuple(Sprint(8, 14, 10) for _ in range(6)))
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


def test_share_of_the_window_has_that_share_of_the_expectation() -> None:
    whole = own_forecast(STEADY, 9)
    rest = [at_most_in_share(whole, 0.3, count) for count in range(80)]
    assert sum(1 - probability for probability in rest) == pytest.approx(0.3 * whole.mean, rel=0.02)
    assert rest == sorted(rest)
    assert at_most_in_share(whole, 1.0, 7) == pytest.approx(whole.at_most(7))


def test_missing_past_is_the_reason_of_an_unknown_risk() -> None:
    assert "no past sprint" in assessed(in_progress(past=0)).reasons["overall_risk"]
    assert "5 past sprints, 6 are needed" in assessed(in_progress(past=5)).reasons["confidence"]


def test_confidence_is_how_often_past_sprints_ended_in_their_usual_range() -> None:
    assert coverage(of(*[8] * 12), 9) == 1
    assert coverage(of(8, 8, 8, 90, 8, 8), 9) == pytest.approx(2 / 3)
    assert coverage(of(8, 8, 8, 8, 8), 9) is None
