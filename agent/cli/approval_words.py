"""Words about plans that wait for a person, and about what their answers did."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, JsonValue

from agent.cli.undo import describe_end
from agent.decision_schema import StepAnswer
from agent.plan_schema import PlanOutcome
from domain_services.kernel.words import listed, shortened
from graphs.approval import ActionRequest, Approval
from memory.decision import PlannedCall
from tools.compensation import compensation


def describe_approval(project_id: str, approval: Approval) -> Iterator[str]:
    """Describe what will change, then the calls with their way back."""
    # A reason of autonomy begins with the project's name.
    opening = "" if approval.reason.startswith(f"{project_id} ") else f"{project_id}: "
    yield f"{opening}{approval.reason}. It waits until {moment(approval.expires_at)}."
    yield "Changes:"
    for change in approval.changes:
        yield f"  {change.what}: {change.before} -> {change.after}"
    yield "Steps:"
    for call in approval.action_requests:
        back = f"undo: {call.undo}" if call.undo else "this cannot be taken back"
        yield f"  {call.step}  {call.description}; {back}"


def describe_steps(answers: Sequence[StepAnswer]) -> Iterator[str]:
    """Describe the answer that is about to be sent, by step."""
    yield "Your answer:"
    verbs = {"approve": "carry it out", "reject": "leave it out"}
    for answer in answers:
        changes = ", ".join(
            f"{name} = {_in_short(value)}" for name, value in answer.changes.items()
        )
        yield f"  {answer.step}  {verbs.get(answer.type, f'carry it out with {changes}')}"


def describe_rejected_scrum(
    project_id: str, calls: Sequence[ActionRequest], answers: Sequence[StepAnswer]
) -> Iterator[str]:
    """Say what becomes of a sprint whose daily scrum is about to be rejected, if any does."""
    rejected = {answer.step for answer in answers if answer.type == "reject"}
    names = {call.name for call in calls if call.step in rejected}
    # Without its sprint there is nothing that could get a daily scrum.
    if "create_cronjob" in names and "create_sprint" not in names:
        yield "The sprint gets no daily scrum by itself then; this adds one:"
        yield f"  dsm schedule add {project_id} --daily-scrum"


def _in_short(value: JsonValue) -> str:
    if isinstance(value, list):
        return listed([str(item) for item in value])
    return shortened(str(value))


def describe_answer(answer: BaseModel, options: str = "") -> Iterator[str]:
    """Describe what an answer to a plan did, and what comes next."""
    if isinstance(answer, PlanOutcome) and answer.undoes:
        yield from describe_end(answer, options)
        return
    status: str = getattr(answer, "status", "done")
    project_id: str = getattr(answer, "project_id", "")
    run_id: UUID | None = getattr(answer, "run_id", None)
    if status == "rejected":
        yield "Rejected: nothing was carried out."
        yield f"Next: dsm orchestrate {project_id}{options} decides again"
        return
    actions: list[str] = getattr(answer, "actions_taken", [])
    yield from actions or ["Nothing was to be done."]
    if status == "failed":
        yield f"A step was refused: dsm run {run_id}{options} shows the run"
        return
    plan: list[PlannedCall] = getattr(answer, "actions_planned", [])
    if any(compensation(call).possible for call in plan):
        back = f"dsm undo {run_id}{options} takes it back"
    else:
        back = "it cannot be taken back"
    yield f"Next: dsm run {run_id}{options} shows the run; {back}"


def describe_waiting(run_id: UUID | None, expires_at: datetime, options: str = "") -> str:
    """Say until when a run waits, and how it is answered."""
    return (
        f"it waits until {moment(expires_at)}: dsm approve {run_id}{options} carries it out,"
        f" dsm edit {run_id}{options} changes it, dsm reject {run_id}{options} --reason TEXT"
        " refuses it"
    )


def moment(time: datetime) -> str:
    """Return a time for people, in UTC."""
    return f"{time:%Y-%m-%d %H:%M} UTC"
