"""`dsm approve`, `dsm edit` and `dsm reject`: answer the plan of a run that waits."""

import asyncio
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.run_names import RunArgument
from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pydantic import BaseModel, JsonValue

    from agent.decision_schema import RunDecision, StepAnswer
    from agent.run_schema import RunDetails
    from graphs.approval import ActionRequest, Approval

    Answers = Callable[[Approval], list[StepAnswer]]


@dataclass(frozen=True)
class AnswerInHand:
    """An answer that is about to be sent."""

    run: "RunDetails"
    """The run that it is about."""
    body: "RunDecision"
    """The answer."""


Yes = Annotated[bool, typer.Option("--yes", help="Do not ask again in a terminal.")]
ApprovedSteps = Annotated[
    list[int] | None,
    typer.Option("--step", metavar="N", min=0, help="Approve this step and reject the others."),
]
RejectedSteps = Annotated[
    list[int] | None,
    typer.Option("--step", metavar="N", min=0, help="Reject this step and approve the others."),
]
Reason = Annotated[str | None, typer.Option("--reason", help="Reason for people.")]
NeededReason = Annotated[str, typer.Option("--reason", help="Reason for people.")]
Tasks = Annotated[
    list[str] | None,
    typer.Option("--task", metavar="TASK", help="Exactly these tasks, by id or key; repeatable."),
]
Weeks = Annotated[int | None, typer.Option(min=1, max=8, help="Length of the sprint.")]
Start = Annotated[str | None, typer.Option(metavar="DAY", help="First day of the sprint.")]
Schedule = Annotated[str | None, typer.Option(help="When the daily scrum runs, as cron.")]


def approve(
    run: RunArgument,
    step: ApprovedSteps = None,
    reason: Reason = None,
    yes: Yes = False,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Carry out the plan of a run that waits, after showing what will change."""

    def answers(approval: "Approval") -> "list[StepAnswer]":
        chosen = _known_steps(approval, step)
        return [
            step_answer(step=call.step, type="approve", reason=reason)
            if chosen is None or call.step in chosen
            else step_answer(step=call.step, type="reject", reason=reason)
            for call in approval.action_requests
        ]

    _answer(target, run, answers, question="Carry this out?", yes=yes, as_json=as_json)


def edit(
    run: RunArgument,
    task: Tasks = None,
    weeks: Weeks = None,
    start: Start = None,
    schedule: Schedule = None,
    reason: Reason = None,
    yes: Yes = False,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Change tasks, weeks, first day or schedule of a plan that waits, and carry it out."""
    changes: dict[str, JsonValue] = {
        name: value
        for name, value in (("duration_weeks", weeks), ("start_date", start))
        if value is not None
    }
    if not (changes or task or schedule):
        raise typer.BadParameter("name a change: --task, --weeks, --start or --schedule")
    names = list(task or ())

    def answers(approval: "Approval", task_ids: "Sequence[str]" = ()) -> "list[StepAnswer]":
        sprint: dict[str, JsonValue] = dict(changes)
        if task_ids:
            sprint["task_ids"] = list(task_ids)
        edits: dict[str, dict[str, JsonValue]] = {"create_sprint": sprint} if sprint else {}
        if schedule:
            edits["create_cronjob"] = {"schedule": schedule}
            edits["change_cronjob"] = {"schedule": schedule}
        return edited_steps(approval.action_requests, edits, reason)

    _answer(
        target, run, answers, question="Carry this out so?", yes=yes, as_json=as_json, tasks=names
    )


def reject(
    run: RunArgument,
    reason: NeededReason,
    step: RejectedSteps = None,
    yes: Yes = False,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Refuse the plan of a run that waits, or some of its steps; the reason is recorded."""

    def answers(approval: "Approval") -> "list[StepAnswer]":
        chosen = _known_steps(approval, step)
        return [
            step_answer(step=call.step, type="reject", reason=reason)
            if chosen is None or call.step in chosen
            else step_answer(step=call.step, type="approve")
            for call in approval.action_requests
        ]

    question = "Reject it?" if step is None else "Reject these steps and carry out the others?"
    _answer(target, run, answers, question=question, yes=yes, as_json=as_json)


def edited_steps(
    calls: "Sequence[ActionRequest]",
    edits: "dict[str, dict[str, JsonValue]]",
    reason: str | None,
) -> "list[StepAnswer]":
    """Return an answer to each call: an edit of those named by `edits`. Raises: `Invalid`."""
    from domain_services.kernel.errors import Invalid

    planned = {call.name for call in calls}
    if not planned & set(edits):
        raise Invalid("the plan has nothing to change so: " + ", ".join(sorted(planned)))
    if "create_sprint" in edits and "create_sprint" not in planned:
        raise Invalid("the plan creates no sprint, so that it has no tasks, weeks or first day")
    return [
        step_answer(step=call.step, type="edit", arguments=edits[call.name], reason=reason)
        if call.name in edits
        else step_answer(step=call.step, type="approve")
        for call in calls
    ]


def step_answer(**values: "JsonValue") -> "StepAnswer":
    """Make the answer to a step. Raises: `Invalid` for a reason that is too long."""
    from agent.cli.requests import make_request
    from agent.decision_schema import StepAnswer

    return make_request(StepAnswer, values)


def _known_steps(approval: "Approval", steps: "Sequence[int] | None") -> set[int] | None:
    from domain_services.kernel.errors import Invalid

    if not steps:
        return None
    unknown = set(steps) - {call.step for call in approval.action_requests}
    if unknown:
        last = len(approval.action_requests) - 1
        raise Invalid(f"the plan has no step {min(unknown)}; its steps are 0 to {last}")
    return set(steps)


def _answer(
    target: Target,
    run: str,
    answers: "Callable[..., list[StepAnswer]]",
    *,
    question: str,
    yes: bool,
    as_json: bool,
    tasks: "Sequence[str]" = (),
) -> None:
    from agent.cli.failures import one_line

    asks = not (yes or as_json) and sys.stdin.isatty()
    with one_line():
        plan = asyncio.run(_read(target, run, answers, tasks))
        if not as_json:
            _show(plan)
        # A script that has no terminal has decided already. Outside of the event loop, which would
        # keep the first Ctrl-C to itself.
        if asks and plan.run.approval and not _is_confirmed(question):
            from domain_services.kernel.errors import Invalid

            command = f"dsm approve {plan.run.run_id}{target.options}"
            raise Invalid(f"nothing was answered; the run waits: {command}")
        answer = asyncio.run(_send(target, plan))
    if as_json:
        print(answer.model_dump_json(indent=2))
        return
    from agent.cli.approval_words import describe_answer

    print("\n".join(describe_answer(answer, target.options)))
    if getattr(answer, "status", "done") == "failed":
        raise typer.Exit(1)


def _is_confirmed(question: str) -> bool:
    """Ask the person; an interrupt and the end of the input are a no."""
    try:
        return typer.confirm(question)
    except typer.Abort:
        print()
        return False


def _show(plan: "AnswerInHand") -> None:
    from agent.cli.approval_words import (
        describe_approval,
        describe_rejected_scrum,
        describe_steps,
    )

    run, answers = plan.run, plan.body.decisions
    if run.approval is None:
        return
    lines = [*describe_approval(run.project_id, run.approval), *describe_steps(answers)]
    if run.kind == "decision":
        calls = run.approval.action_requests
        lines += describe_rejected_scrum(run.project_id, calls, answers)
    print("\n".join(lines))


async def _read(
    target: Target,
    name: str,
    answers: "Callable[..., list[StepAnswer]]",
    tasks: "Sequence[str]",
) -> "AnswerInHand":
    """Read a run, and make the answer to its plan."""
    from agent.cli.connect import connect
    from agent.cli.run_names import find_run
    from agent.cli.scope import find_tasks
    from agent.decision_schema import RunDecision

    async with connect(target) as clients:
        run = await clients.orchestrator.run(await find_run(clients.orchestrator, name, "waiting"))
        if run.approval is None:
            # The orchestrator says who answered, or what took its place.
            calls = run.decision.plan if run.decision else ()
            empty = [{"step": step, "type": "approve"} for step in range(max(1, len(calls)))]
            return AnswerInHand(
                run, RunDecision.model_validate({"fingerprint": "", "decisions": empty})
            )
        task_ids = await find_tasks(clients.backlog, run.project_id, tasks) if tasks else []
        decisions = answers(run.approval, task_ids) if tasks else answers(run.approval)
        return AnswerInHand(
            run, RunDecision(fingerprint=run.approval.fingerprint, decisions=decisions)
        )


async def _send(target: Target, plan: "AnswerInHand") -> "BaseModel":
    from agent.cli.connect import connect

    async with connect(target) as clients:
        if plan.run.kind != "decision":
            return await clients.orchestrator.decide_plan(plan.run.run_id, plan.body)
        return await clients.orchestrator.decide(plan.run.run_id, plan.body)
