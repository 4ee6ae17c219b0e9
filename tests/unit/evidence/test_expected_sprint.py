from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from graphs.evidence.adjustment import propose
from graphs.evidence.evidence import Evidence
from graphs.evidence.pace import Sprint
from graphs.evidence.payoff import Pair
from graphs.evidence.shipped import shipped
from graphs.expected_sprint import expected_sprint
from graphs.nodes.adjust import with_record
from graphs.state import PastSprint
from memory.decision import ExpectedSprint
from memory.decision_outcomes import EndedDecision
from tests.graphs.decided_run import snapshot
from tests.unit.evidence.sprints import ages, by_class, of

TEAM = Evidence(project_id="OWN", history=of(7, 4, 15, 6, 9, 7), plannable=40, days=14)
ENDED = EndedDecision(
    episode_id=UUID(int=1),
    project_id="OWN",
    sprint_id="S1",
    decision_source="rule_based_only",
    completed_tasks=5,
    planned_tasks=8,
    completion_rate=None,
    rule_tasks=8,
    recommended_tasks=6,
    raw_confidence=None,
    stated_confidence=None,
    closed_at=datetime(2016, 5, 14, tzinfo=UTC),
    evidence_kind="similar_episodes",
)


def expected(evidence: Evidence = TEAM, *, follows: bool = False, **values: Any) -> ExpectedSprint:
    evidence = replace(evidence, **values)
    return expected_sprint(
        snapshot(), evidence, propose(evidence, shipped()), tasks=3, follows=follows
    )


def test_window_with_fewer_than_half_of_its_working_days_could_end_a_cadence_later() -> None:
    days_off, later = expected(capacity_share=0.4).notes
    assert days_off.startswith("Days off leave 40% of the working time")
    assert "could end on 2016-07-03 instead, one cadence later" in later
    assert len(expected(capacity_share=0.5).notes) == 1
    assert expected(capacity_share=1.0).notes == ()


def test_room_for_work_that_arrives_is_noted() -> None:
    (note,) = expected(history=tuple(Sprint(12, 14, arrived=5) for _ in range(6))).notes
    assert note.startswith("Room is left for work that arrives: 5.")
    assert expected(history=tuple(Sprint(12, 14, arrived=0) for _ in range(6))).notes == ()


def test_expectation_rests_on_the_evidence_only_when_it_is_followed() -> None:
    windows = [(by_class(d3=10), by_class(d3=4))] * 20
    known = replace(TEAM, ages=ages(windows, by_class(d3=5)))
    proposal = propose(known, shipped())
    assert expected(known, follows=True).planned.expected == proposal.forecast.mean
    assert expected(known).planned.expected == pytest.approx(known.own_pace.mean)


def test_record_of_similar_episodes_is_of_decisions_by_them_and_of_planned_work() -> None:
    past = [
        PastSprint(f"S{number}", date(2016, 5, 1), date(2016, 5, 14), 9, completed_arrived=arrived)
        for number, arrived in ((1, 2), (2, None))
    ]
    ended = [
        ENDED,
        replace(ENDED, sprint_id="S2"),
        replace(ENDED, evidence_kind="chances"),
        replace(ENDED, rule_tasks=None),
        replace(ENDED, sprint_id="S3"),
    ]
    assert with_record(TEAM, past, ended).followed == (Pair(8, 6, 7), Pair(8, 6, 9))
