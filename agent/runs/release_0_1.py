"""Conversion of runs that release 0.1.0 had decided and not yet acted on.

That release stored every channel as plain JSON and kept the gate's results apart from the
adjustments. This file can go when no such run can be waiting any more.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue, TypeAdapter

from graphs.state import Order, Patterns, Snapshot, State
from memory.decision import AdjustmentKind, Decision, DecisionSource, PlannedCall
from memory.documents import (
    AdjustmentReport,
    EvidenceDetails,
    GateReport,
    NoDetails,
    RuleBasedDecision,
)
from memory.episode_documents import Action, JsonObject, Reasoning, decision_of
from memory.recall import Recall

_ORDER = TypeAdapter(Order)
_SNAPSHOT = TypeAdapter(Snapshot)
_PATTERNS = TypeAdapter(Patterns)


class _Stored(BaseModel):
    """A part of a stored run; fields that this release does not read are ignored."""

    model_config = ConfigDict(frozen=True)


class _StoredSnapshot(_Stored):
    """The project as the run read it; fields beside `facts` have not changed."""

    model_config = ConfigDict(extra="allow")

    facts: JsonObject


class _StoredRuling(_Stored):
    kind: str
    reason: str
    tasks: int | None = None
    duration_weeks: int | None = None


class _StoredAdjustment(_Stored):
    """A recommendation before the gate."""

    name: AdjustmentKind
    original: int
    recommended: int
    confidence: float | None
    sample_size: int
    evidence_source: str
    rationale: str
    expected_improvement: str | None
    details: EvidenceDetails | NoDetails


class _StoredResult(_Stored):
    """The gate's result for the adjustment of the same name."""

    name: AdjustmentKind
    passed: bool
    applied: int
    reason: str


class _StoredDecision(_Stored):
    create_sprint: bool
    close_sprint: bool
    tasks: int | None
    duration_weeks: int | None
    source: DecisionSource
    reasoning: str
    verdicts: tuple[_StoredResult, ...]
    plan: tuple[PlannedCall, ...]


class _StoredRun(_Stored):
    """The channels of a decided run."""

    order: JsonObject
    snapshot: _StoredSnapshot
    patterns: JsonObject
    recall: Recall
    rulings: tuple[_StoredRuling, ...]
    adjustments: tuple[_StoredAdjustment, ...]
    decision: _StoredDecision


def decided_by_release_0_1(decision: Mapping[str, object] | None) -> bool:
    """Check that a stored decision was written by release 0.1.0."""
    return decision is not None and "verdicts" in decision


def upgraded_state(channels: Mapping[str, Any]) -> State:
    """Return the channels of a stored run whose types have changed since release 0.1.0.

    Raises: `ValidationError`.
    """
    run = _StoredRun.model_validate(channels)
    facts = _with_options(_with_plannable_tasks(run.snapshot.facts))
    return State(
        order=_ORDER.validate_python(_with_options(run.order)),
        snapshot=_SNAPSHOT.validate_python(run.snapshot.model_dump() | {"facts": facts}),
        patterns=_PATTERNS.validate_python(run.patterns),
        recall=run.recall,
        decision=_decision(run.decision, run.adjustments, run.rulings),
    )


def _with_options(document: JsonObject) -> JsonObject:
    # Options of a request were named `wishes`.
    return {("options" if name == "wishes" else name): value for name, value in document.items()}


def _with_plannable_tasks(facts: JsonObject) -> JsonObject:
    # All unassigned tasks were read, and counted when they were needed.
    unassigned = facts["unassigned"]
    count: JsonValue = len(unassigned) if isinstance(unassigned, list) else None
    others = {name: value for name, value in facts.items() if name != "unassigned"}
    return others | {"plannable": unassigned, "unassigned_tasks": count}


def _decision(
    decision: _StoredDecision,
    adjustments: Sequence[_StoredAdjustment],
    rulings: Sequence[_StoredRuling],
) -> Decision:
    results = {result.name: result for result in decision.verdicts}
    creation = next((ruling for ruling in rulings if ruling.kind == "create_sprint"), None)
    reasoning = Reasoning(
        text=decision.reasoning,
        rule_based_decision=RuleBasedDecision(
            tasks_to_assign=creation.tasks if creation else None,
            sprint_duration_weeks=creation.duration_weeks if creation else None,
            reasoning=" ".join(ruling.reason for ruling in rulings),
        ),
        intelligence_adjustments={
            adjustment.name: _report(adjustment, results[adjustment.name])
            for adjustment in adjustments
        },
    )
    action = Action(
        create_sprint=decision.create_sprint,
        tasks=decision.tasks,
        duration_weeks=decision.duration_weeks,
    )
    typed = decision_of(reasoning, action, decision.source)
    return typed.model_copy(update={"close_sprint": decision.close_sprint, "plan": decision.plan})


def _report(adjustment: _StoredAdjustment, result: _StoredResult) -> AdjustmentReport:
    return AdjustmentReport(
        original_recommendation=adjustment.original,
        intelligence_recommendation=adjustment.recommended,
        applied_value=result.applied,
        confidence=adjustment.confidence,
        sample_size=adjustment.sample_size,
        evidence_source=adjustment.evidence_source,
        expected_improvement=adjustment.expected_improvement,
        rationale=adjustment.rationale,
        gate=GateReport(passed=result.passed, reason=result.reason),
        evidence_details=adjustment.details,
    )
