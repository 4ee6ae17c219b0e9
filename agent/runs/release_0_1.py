"""Conversion of runs that release 0.1.0 had decided and not yet acted on.

That release stored every channel as plain JSON and kept the gate's results apart from the
adjustments. This file can go when no such run can be waiting any more.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from graphs.state import Order, Patterns, Snapshot, State
from memory.decision import Decision, PlannedCall
from memory.documents import AdjustmentReport, GateReport, RuleBasedDecision
from memory.episode_documents import Action, Reasoning, decision_of
from memory.recall import Recall

_ORDER = TypeAdapter(Order)
_SNAPSHOT = TypeAdapter(Snapshot)
_PATTERNS = TypeAdapter(Patterns)

# Of release 0.1.0, whose types this release does not have; every value is validated below.
Json = dict[str, Any]


def decided_by_release_0_1(decision: Mapping[str, object] | None) -> bool:
    """Check that a stored decision was written by release 0.1.0."""
    return decision is not None and "verdicts" in decision


def upgraded_state(stored: Json) -> State:
    """Return the channels of a stored run whose types have changed since release 0.1.0."""
    facts = _with_plannable_tasks(stored["snapshot"]["facts"])
    return State(
        order=_ORDER.validate_python(_with_options(stored["order"])),
        snapshot=_SNAPSHOT.validate_python(stored["snapshot"] | {"facts": _with_options(facts)}),
        patterns=_PATTERNS.validate_python(stored["patterns"]),
        recall=Recall.model_validate(stored["recall"]),
        decision=_decision(stored["decision"], stored["adjustments"], stored["rulings"]),
    )


def _with_options(document: Json) -> Json:
    # What the request asks for was named `wishes`.
    return {("options" if name == "wishes" else name): value for name, value in document.items()}


def _with_plannable_tasks(facts: Json) -> Json:
    # All unassigned tasks were read, and counted when they were needed.
    unassigned = facts["unassigned"]
    others = {name: value for name, value in facts.items() if name != "unassigned"}
    return others | {"plannable": unassigned, "unassigned_tasks": len(unassigned)}


def _decision(decision: Json, adjustments: list[Json], rulings: list[Json]) -> Decision:
    results = {result["name"]: result for result in decision["verdicts"]}
    creation = next((ruling for ruling in rulings if ruling["kind"] == "create_sprint"), None)
    reasoning = Reasoning(
        text=decision["reasoning"],
        rule_based_decision=RuleBasedDecision(
            tasks_to_assign=creation["tasks"] if creation else None,
            sprint_duration_weeks=creation["duration_weeks"] if creation else None,
            reasoning=" ".join(ruling["reason"] for ruling in rulings),
        ),
        intelligence_adjustments={
            adjustment["name"]: _report(adjustment, results[adjustment["name"]])
            for adjustment in adjustments
        },
    )
    action = Action(
        create_sprint=decision["create_sprint"],
        tasks=decision["tasks"],
        duration_weeks=decision["duration_weeks"],
    )
    typed = decision_of(reasoning, action, decision["source"])
    plan = tuple(PlannedCall.model_validate(call) for call in decision["plan"])
    return typed.model_copy(update={"close_sprint": decision["close_sprint"], "plan": plan})


def _report(adjustment: Json, result: Json) -> AdjustmentReport:
    return AdjustmentReport(
        original_recommendation=adjustment["original"],
        intelligence_recommendation=adjustment["recommended"],
        applied_value=result["applied"],
        confidence=adjustment["confidence"],
        sample_size=adjustment["sample_size"],
        evidence_source=adjustment["evidence_source"],
        expected_improvement=adjustment["expected_improvement"],
        rationale=adjustment["rationale"],
        gate=GateReport(passed=result["passed"], reason=result["reason"]),
        evidence_details=adjustment["details"],
    )
