"""Let a recommendation through only when following it pays, then plan the exact calls."""

from collections.abc import Sequence

from langgraph.runtime import Runtime

from graphs.deps import Deps
from graphs.evidence.adjustment import Proposal
from graphs.evidence.selection import select
from graphs.expected_sprint import expected_sprint
from graphs.nodes.planning import chances_of
from graphs.nodes.timing import timed
from graphs.plan import planned_calls
from graphs.rules.base import Ruling
from graphs.state import Mode, Planning, Snapshot, State
from memory.decision import (
    Adjustment,
    Decision,
    Gate,
    Recommendation,
    RuleDecision,
    Selection,
)


@timed
async def gate(state: State, runtime: Runtime[Deps]) -> State:
    """Decide every number, choose the tasks, and plan the calls that make the decision true."""
    decision = decide(
        state["snapshot"],
        state["rulings"],
        state["recommendations"],
        state["planning"],
        state["proposal"],
        state["order"].mode,
    )
    return State(decision=decision)


def decide(
    snapshot: Snapshot,
    rulings: Sequence[Ruling],
    recommendations: Sequence[Recommendation],
    planning: Planning,
    proposal: Proposal | None,
    mode: Mode,
) -> Decision:
    """Return the decision of the rules with every recommendation that passes the gate."""
    adjustments = tuple(judge(item, mode) for item in recommendations)
    applied = {adjustment.kind: adjustment.applied for adjustment in adjustments}
    tasks = applied.get("task_count_modification")
    weeks = applied.get("sprint_duration_modification")
    creation = next((ruling for ruling in rulings if ruling.kind == "create_sprint"), None)
    reasons = [ruling.reason for ruling in rulings]
    changed = any(adjustment.changes_the_rule for adjustment in adjustments)
    selection = None if tasks is None else _selection(snapshot, planning, tasks)
    expectation = None
    if tasks is not None and proposal is not None:
        follows = follows_evidence(proposal, mode)
        expectation = expected_sprint(snapshot, planning.evidence, proposal, tasks, follows=follows)
    return Decision(
        create_sprint=creation is not None,
        close_sprint=any(ruling.kind == "close_sprint" for ruling in rulings),
        tasks=tasks,
        duration_weeks=weeks,
        rule=RuleDecision(
            tasks=creation.tasks if creation else None,
            duration_weeks=creation.duration_weeks if creation else None,
            reasoning=" ".join(reasons),
        ),
        adjustments=adjustments,
        source="intelligence_enhanced" if changed else "rule_based_only",
        reasoning=" ".join([*reasons, *(adjustment.gate.reason for adjustment in adjustments)]),
        plan=planned_calls(snapshot, rulings, selection, weeks),
        selection=selection,
        expectation=expectation,
    )


def _selection(snapshot: Snapshot, planning: Planning, tasks: int) -> Selection:
    chances = chances_of(planning.evidence)
    return select(planning.order, tasks, snapshot.facts.unassigned_tasks, chances)


def follows_evidence(proposal: Proposal, mode: Mode) -> bool:
    """Check that the expectation rests on the evidence, also when both plan the same count."""
    if mode.name == "rule_based_only" or not mode.enable_task_count_adjustment:
        return False
    record = proposal.record
    return record is not None and record.confidence >= mode.confidence_threshold


def judge(recommendation: Recommendation, mode: Mode) -> Adjustment:
    """Return the adjustment that holds under `mode`; the rule's number unless the gate passes."""
    result = _result(recommendation, mode)
    applied = recommendation.recommended if result.passed else recommendation.rule
    return Adjustment(**dict(recommendation), applied=applied, gate=result)


def _result(recommendation: Recommendation, mode: Mode) -> Gate:
    subject = recommendation.kind.removesuffix("_modification").replace("_", " ")
    stands = f"the rule's {recommendation.rule} stands"
    if recommendation.recommended == recommendation.rule:
        return _rejected(f"{subject}: {recommendation.rationale}")
    change = f"{recommendation.rule} -> {recommendation.recommended}"
    if mode.name == "rule_based_only" or not _enabled(recommendation, mode):
        return _rejected(
            f"{subject}: {change} is suggested but switched off for this project; {stands}."
        )
    if recommendation.confidence is None:
        return _rejected(f"{subject}: {change} is suggested without a known confidence; {stands}.")
    stated, needed = recommendation.confidence, mode.confidence_threshold
    compared = f"{stated:.2f} of {needed:.2f} needed"
    if stated < needed:
        return _rejected(
            f"{subject}: {change} is not followed: {_shown(stated, needed)} (confidence that"
            f" following it pays: {compared}); {stands}. {recommendation.rationale}"
        )
    reason = (
        f"{subject}: {change}, confidence that following it pays here: {compared}."
        f" {recommendation.rationale}"
    )
    return Gate(passed=True, reason=reason)


def _shown(stated: float, needed: float) -> str:
    """Describe a record that is not enough."""
    if 1 - stated >= needed:
        return "the rule's plans ended nearer in this project"
    return "no detectable difference between both in this project"


def _rejected(reason: str) -> Gate:
    return Gate(passed=False, reason=reason)


def _enabled(recommendation: Recommendation, mode: Mode) -> bool:
    if recommendation.kind == "task_count_modification":
        return mode.enable_task_count_adjustment
    return mode.enable_sprint_duration_adjustment
