"""`dsm undo`: take back what a run has done, as far as nobody has worked on it."""

import asyncio
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from agent.decision_schema import RunDecision
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
        plan = asyncio.run(_plan(target, run, reason))
        if not as_json:
            print("\n".join(describe_plan(plan)))
        approved = not asks or _is_confirmed()
        outcome = asyncio.run(_answer(target, plan, approved=approved))
    if as_json:
        print(outcome.model_dump_json(indent=2))
    else:
        print("\n".join(describe_end(outcome, target.options)))
    if outcome.status == "failed":
        raise typer.Exit(1)


async def _plan(target: Target, name: str, reason: str | None) -> "PlanOutcome":
    from agent.cli.connect import connect
    from agent.cli.requests import make_request
    from agent.cli.run_names import find_run
    from agent.plan_schema import UndoRequest

    async with connect(target) as clients:
        run_id = await find_run(clients.orchestrator, name)
        body = make_request(UndoRequest, {"reason": reason})
        return await clients.orchestrator.undo(run_id, body)


def _is_confirmed() -> bool:
    """Ask the person; an interrupt and the end of the input are a no."""
    # Outside of the event loop, which would keep the first Ctrl-C to itself.
    try:
        return typer.confirm("Do it?")
    except typer.Abort:
        print()
        return False


async def _answer(target: Target, plan: "PlanOutcome", *, approved: bool) -> "PlanOutcome":
    """Answer each step of a plan; one that cannot be carried out now does not go on waiting."""
    from agent.cli.connect import connect
    from domain_services.kernel.client.http_client import PeerRefused

    async with connect(target) as clients:
        orchestrator = clients.orchestrator
        if not approved:
            return await orchestrator.decide_plan(plan.run_id, _decision(plan, "not confirmed"))
        try:
            return await orchestrator.decide_plan(plan.run_id, _decision(plan))
        except PeerRefused as refusal:
            if refusal.problem.get("code") in ("plan_changed", "paused", "run_in_progress"):
                reason = f"could not be carried out: {refusal.detail}"[:1000]
                await orchestrator.decide_plan(plan.run_id, _decision(plan, reason))
            raise


def _decision(plan: "PlanOutcome", rejection: str | None = None) -> "RunDecision":
    """Return the approval of each step, or with `rejection` the refusal of each for that reason."""
    from agent.decision_schema import RunDecision, StepAnswer

    assert plan.approval is not None  # an undo run begins as a waiting one
    answer = "approve" if rejection is None else "reject"
    decisions = [
        StepAnswer(step=call.step, type=answer, reason=rejection)
        for call in plan.approval.action_requests
    ]
    return RunDecision(fingerprint=plan.approval.fingerprint, decisions=decisions)


def describe_plan(plan: "PlanOutcome") -> Iterator[str]:
    """Describe what undoing a run changes, then what stays."""
    yield f"Undo run {plan.undoes}:"
    for change in plan.approval.changes if plan.approval else ():
        yield f"  {change.what}: {change.before} -> {change.after}"
    if plan.stays:
        yield "This stays:"
        yield from (f"  {words}" for words in plan.stays)


def describe_end(outcome: "PlanOutcome", options: str = "") -> Iterator[str]:
    """Describe what was done, what stays, and whether the run is undone."""
    if outcome.status == "rejected":
        yield f"Nothing was done; run {outcome.undoes} stands."
        return
    yield from outcome.actions_taken
    if outcome.undone:
        yield f"Run {outcome.undoes} is undone."
        return
    yield f"Run {outcome.undoes} is not undone. This stays:"
    yield from (f"  {words}" for words in outcome.stays)
    yield f"Next: dsm undo {outcome.undoes}{options} takes back the rest, where that can be"
