"""Let a recommendation through only with enough confidence, then plan the exact calls."""

from collections.abc import Sequence

from langgraph.runtime import Runtime

from graphs.deps import Deps
from graphs.nodes.timing import timed
from graphs.plan import planned_calls
from graphs.rules.base import Ruling
from graphs.state import Mode, Snapshot, State
from memory.decision import Adjustment, Decision, Gate, Recommendation, RuleDecision


@timed
async def gate(state: State, runtime: Runtime[Deps]) -> State:
    """Decide every number, and plan the calls that make the decision true."""
    mode = state["order"].mode
    adjustments = tuple(judge(item, mode) for item in state["recommendations"])
    return State(decision=decide(state["snapshot"], state["rulings"], adjustments))


def decide(
    snapshot: Snapshot, rulings: Sequence[Ruling], adjustments: tuple[Adjustment, ...]
) -> Decision:
    """Return the decision of the rules with every adjustment applied."""
    applied = {adjustment.kind: adjustment.applied for adjustment in adjustments}
    tasks = applied.get("task_count_modification")
    weeks = applied.get("sprint_duration_modification")
    creation = next((ruling for ruling in rulings if ruling.kind == "create_sprint"), None)
    reasons = [ruling.reason for ruling in rulings]
    changed = any(adjustment.changes_the_rule for adjustment in adjustments)
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
        plan=planned_calls(snapshot, rulings, tasks, weeks),
    )


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
    # The calibrated confidence: the raw one overstates (docs/adr/0026-confidence.md).
    stated = recommendation.confidence.stated
    compared = f"{stated:.2f} of {mode.confidence_threshold:.2f} needed"
    if stated < mode.confidence_threshold:
        return _rejected(f"{subject}: {change} has confidence {compared}; {stands}.")
    reason = f"{subject}: {change}, confidence {compared}. {recommendation.rationale}"
    return Gate(passed=True, reason=reason)


def _rejected(reason: str) -> Gate:
    return Gate(passed=False, reason=reason)


def _enabled(recommendation: Recommendation, mode: Mode) -> bool:
    if recommendation.kind == "task_count_modification":
        return mode.enable_task_count_adjustment
    return mode.enable_sprint_duration_adjustment
