"""Lets an adjustment through only with enough confidence, then writes down the exact calls."""

from typing import Any

from langgraph.runtime import Runtime

from graphs.deps import Deps
from graphs.nodes.timing import timed
from graphs.plan import planned_calls
from graphs.rules.base import Ruling
from graphs.state import Adjustment, Decision, Mode, Order, Snapshot, State, Verdict, dump, load


@timed
async def gate(state: State, runtime: Runtime[Deps]) -> dict[str, Any]:
    """Decide every number, and plan the calls that make the decision true."""
    snapshot = load(Snapshot, state["snapshot"])
    rulings = load(tuple[Ruling, ...], state["rulings"])
    adjustments = load(tuple[Adjustment, ...], state["adjustments"])
    mode = load(Order, state["order"]).mode
    verdicts = tuple(judge(each, mode) for each in adjustments)
    applied = {each.name: each.applied for each in verdicts}
    changed = any(
        verdict.passed and verdict.applied != adjustment.original
        for verdict, adjustment in zip(verdicts, adjustments, strict=True)
    )
    tasks = applied.get("task_count_modification")
    weeks = applied.get("sprint_duration_modification")
    decision = Decision(
        create_sprint=any(each.kind == "create_sprint" for each in rulings),
        close_sprint=any(each.kind == "close_sprint" for each in rulings),
        tasks=tasks,
        duration_weeks=weeks,
        source="intelligence_enhanced" if changed else "rule_based_only",
        reasoning=" ".join([*(each.reason for each in rulings), *(v.reason for v in verdicts)]),
        verdicts=verdicts,
        plan=planned_calls(snapshot, rulings, tasks, weeks),
    )
    return {"decision": dump(Decision, decision)}


def judge(adjustment: Adjustment, mode: Mode) -> Verdict:
    """Whether one adjustment holds under `mode`; the rule's number stands otherwise."""
    passed, reason = _passes(adjustment, mode)
    applied = adjustment.recommended if passed else adjustment.original
    return Verdict(adjustment.name, passed, applied, reason)


def _passes(adjustment: Adjustment, mode: Mode) -> tuple[bool, str]:
    what = adjustment.name.removesuffix("_modification").replace("_", " ")
    stands = f"the rule's {adjustment.original} stands"
    if adjustment.recommended == adjustment.original:
        return False, f"{what}: {adjustment.rationale}"
    change = f"{adjustment.original} -> {adjustment.recommended}"
    if mode.name == "rule_based_only" or not _enabled(adjustment, mode):
        return False, f"{what}: {change} is suggested but switched off for this project; {stands}."
    if adjustment.confidence is None:
        return False, f"{what}: {change} is suggested without a known confidence; {stands}."
    compared = f"{adjustment.confidence:.2f} of {mode.confidence_threshold:.2f} needed"
    if adjustment.confidence < mode.confidence_threshold:
        return False, f"{what}: {change} has confidence {compared}; {stands}."
    return True, f"{what}: {change}, confidence {compared}. {adjustment.rationale}"


def _enabled(adjustment: Adjustment, mode: Mode) -> bool:
    if adjustment.name == "task_count_modification":
        return mode.enable_task_count_adjustment
    return mode.enable_sprint_duration_adjustment
