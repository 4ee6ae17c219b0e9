"""A run that release 0.1.0 had decided is read as a typed decision of this release."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from agent.runs.release_0_1 import decided_by_release_0_1, upgraded_state
from graphs.state import Snapshot
from memory.decision import (
    Adjustment,
    CalibrationUsed,
    Confidence,
    Decision,
    EvidenceUsed,
    Gate,
    Part,
    RuleDecision,
)
from tests.graphs.decided_run import CALL, decided_state

PASSED = "task count: 10 -> 7, confidence 0.80 of 0.75 needed. the team completes 7"
KEPT = "sprint duration: two weeks are kept"
EPISODE_ID = "00000000-0000-0000-0000-000000000001"

TASK_COUNT: dict[str, Any] = {
    "name": "task_count_modification",
    "original": 10,
    "recommended": 7,
    "confidence": 0.8,
    "sample_size": 4,
    "evidence_source": "3 past sprints of the project, 1 similar episodes",
    "rationale": "the team completes 7",
    "expected_improvement": "about 3 open tasks fewer",
    "details": {
        "similar_projects_used": ["BETA"],
        "episodes_used": [EPISODE_ID],
        "own_history": [7, 8, 6],
        "proposal": {
            "original": 10,
            "recommended": 7,
            "confidence": 0.8,
            "raw_confidence": 0.78,
            "sample_size": 4,
            "expected": 7.1,
            "low": 5,
            "high": 9,
            "wins": 2,
            "losses": 1,
            "reason": "the team completes 7",
            "expected_improvement": "about 3 open tasks fewer",
            "parts": [{"name": "prior", "value": 9.0, "sample_size": 0}],
        },
        "confidence": {
            "raw": 0.78,
            "calibrated": 0.8,
            "calibration_version": "shipped-2",
            "calibration_sample_size": 180,
        },
    },
}
DURATION: dict[str, Any] = {
    "name": "sprint_duration_modification",
    "original": 2,
    "recommended": 2,
    "confidence": None,
    "sample_size": 3,
    "evidence_source": "velocity by sprint length",
    "rationale": "two weeks are kept",
    "expected_improvement": None,
    "details": {},
}
RULINGS: list[dict[str, Any]] = [
    {
        "rule": "create_sprint",
        "kind": "create_sprint",
        "reason": "10 of 20 tasks are planned.",
        "tasks": 10,
        "duration_weeks": 2,
        "sprint_id": None,
        "cronjob": None,
    }
]
DECISION: dict[str, Any] = {
    "create_sprint": True,
    "close_sprint": True,
    "tasks": 7,
    "duration_weeks": 2,
    "source": "intelligence_enhanced",
    "reasoning": f"10 of 20 tasks are planned. {PASSED} {KEPT}",
    "verdicts": [
        {"name": "task_count_modification", "passed": True, "applied": 7, "reason": PASSED},
        {"name": "sprint_duration_modification", "passed": False, "applied": 2, "reason": KEPT},
    ],
    "plan": [CALL.model_dump(mode="json")],
}


def as_json(value: object) -> dict[str, Any]:
    return TypeAdapter(type(value)).dump_python(value, mode="json")


def channels_of_release_0_1() -> dict[str, Any]:
    """Return the channels of a decided run as release 0.1.0 stored them."""
    state = decided_state()
    order, snapshot = as_json(state["order"]), as_json(state["snapshot"])
    order["wishes"] = order.pop("options")
    facts = snapshot["facts"]
    facts["wishes"] = facts.pop("options")
    facts["unassigned"] = facts.pop("plannable")
    del facts["unassigned_tasks"]
    return {
        "order": order,
        "snapshot": snapshot,
        "patterns": as_json(state["patterns"]),
        "recall": as_json(state["recall"]),
        "rulings": RULINGS,
        "adjustments": [TASK_COUNT, DURATION],
        "decision": DECISION,
    }


def test_only_decisions_of_release_0_1_are_converted() -> None:
    assert decided_by_release_0_1(DECISION)
    assert not decided_by_release_0_1(as_json(decided_state()["decision"]))
    assert not decided_by_release_0_1(None)


def test_adjustment_that_passed_the_gate_is_applied_with_its_evidence() -> None:
    decision = upgraded_state(channels_of_release_0_1())["decision"]
    assert decision.adjustment("task_count_modification") == Adjustment(
        kind="task_count_modification",
        rule=10,
        recommended=7,
        applied=7,
        confidence=0.8,
        sample_size=4,
        evidence_source="3 past sprints of the project, 1 similar episodes",
        rationale="the team completes 7",
        expected_improvement="about 3 open tasks fewer",
        evidence=EvidenceUsed(
            similar_projects=("BETA",),
            episodes=(EPISODE_ID,),
            own_history=(7, 8, 6),
            expected=7.1,
            low=5,
            high=9,
            wins=2,
            losses=1,
            parts=(Part(name="prior", value=9.0, sample_size=0),),
            calibration=CalibrationUsed(version="shipped-2", sample_size=180),
            nearer=Confidence(stated=0.8, raw=0.78),
        ),
        gate=Gate(passed=True, reason=PASSED),
    )


def test_plan_and_both_decisions_of_the_run_are_kept() -> None:
    decision = upgraded_state(channels_of_release_0_1())["decision"]
    duration = decision.adjustment("sprint_duration_modification")
    assert duration is not None
    assert (duration.applied, duration.confidence, duration.evidence) == (2, None, None)
    assert duration.gate == Gate(passed=False, reason=KEPT)
    assert decision.model_copy(update={"adjustments": ()}) == Decision(
        create_sprint=True,
        close_sprint=True,
        tasks=7,
        duration_weeks=2,
        rule=RuleDecision(tasks=10, duration_weeks=2, reasoning="10 of 20 tasks are planned."),
        adjustments=(),
        source="intelligence_enhanced",
        reasoning=DECISION["reasoning"],
        plan=(CALL,),
    )


def test_state_that_the_decision_was_made_from_is_kept() -> None:
    upgraded, state = upgraded_state(channels_of_release_0_1()), decided_state()
    for channel in ("order", "patterns", "recall"):
        assert upgraded[channel] == state[channel], channel
    # Release 0.1.0 read all unassigned tasks and did not store their count.
    facts = state["snapshot"].facts
    counted = replace(facts, unassigned_tasks=len(facts.plannable))
    expected: Snapshot = replace(state["snapshot"], facts=counted)
    assert upgraded["snapshot"] == expected


@pytest.mark.parametrize("channel", ["order", "snapshot", "adjustments", "decision"])
def test_damaged_run_is_refused(channel: str) -> None:
    channels = channels_of_release_0_1()
    channels[channel] = {"damaged": True}
    with pytest.raises(ValidationError):
        upgraded_state(channels)
