"""`dsm undo`: take back what a run has done, as far as nobody has worked on it."""

import asyncio
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from agent.client import OrchestratorClient
    from agent.plan_schema import PlanOutcome

RunArgument = Annotated[
    str, typer.Argument(metavar="RUN", help="Id of the run, the begin of it, or `last`.")
]
Reason = Annotated[str | None, typer.Option("--reason", help="Why, for whoever reads it later.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before it is done.")]


def undo(
    run: RunArgument,
    reason: Reason = None,
    *,
    yes: Yes = False,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Take a run back: cancel its sprint and delete its schedule, while nobody has worked on it.

    What cannot be taken back is said first. In a terminal it asks before it acts.
    """
    from agent.cli.failures import one_line

    asks = not (yes or as_json) and sys.stdin.isatty()
    with one_line():
        outcome = asyncio.run(_undo(target, run, reason, asks=asks, quiet=as_json))
    if as_json:
        print(outcome.model_dump_json(indent=2))
    else:
        print("\n".join(describe_end(outcome)))
    if outcome.status == "failed":
        raise typer.Exit(1)


async def _undo(
    target: Target, name: str, reason: str | None, *, asks: bool, quiet: bool
) -> "PlanOutcome":
    from agent.cli.connect import connect
    from agent.cli.run_names import find_run
    from agent.plan_schema import UndoRequest

    async with connect(target) as clients:
        orchestrator = clients.orchestrator
        run_id = await find_run(orchestrator, name)
        plan = await orchestrator.undo(run_id, UndoRequest(reason=reason))
        if not quiet:
            print("\n".join(describe_plan(plan)))
        approved = not asks or typer.confirm("Do it?")
        return await _answer(orchestrator, plan, approved=approved)


async def _answer(
    orchestrator: "OrchestratorClient", plan: "PlanOutcome", *, approved: bool
) -> "PlanOutcome":
    from agent.decision_schema import RunDecision, StepAnswer

    assert plan.approval is not None  # an undo run begins as a waiting one
    decisions = [
        StepAnswer(step=call.step, type="approve")
        if approved
        else StepAnswer(step=call.step, type="reject", reason="not confirmed")
        for call in plan.approval.action_requests
    ]
    body = RunDecision(fingerprint=plan.approval.fingerprint, decisions=decisions)
    return await orchestrator.decide_plan(plan.run_id, body)


def describe_plan(plan: "PlanOutcome") -> Iterator[str]:
    """Describe what undoing a run changes, then what stays."""
    yield f"Undo run {plan.undoes}:"
    for change in plan.approval.changes if plan.approval else ():
        yield f"  {change.what}: {change.before} -> {change.after}"
    if plan.stays:
        yield "This stays:"
        yield from (f"  {words}" for words in plan.stays)


def describe_end(outcome: "PlanOutcome") -> Iterator[str]:
    """Describe what was done, and whether the run is undone."""
    if outcome.status == "rejected":
        yield f"Nothing was done; run {outcome.undoes} stands."
        return
    yield from outcome.actions_taken
    if outcome.status == "done":
        yield f"Run {outcome.undoes} is undone."
    else:
        yield f"Run {outcome.undoes} is not undone, a step was refused: dsm run {outcome.run_id}"
