"""Approval requests of models: a write becomes a run that waits for a person."""

from collections.abc import Callable
from typing import Any

from agent.bootstrap import Services
from agent.plan_schema import CallRequest, PlanOutcome
from memory.decision import PlannedCall
from tools.for_models import RequestApproval

_ENDED = {
    "decided": "a person approved it, and it is being carried out",
    "done": "a person approved it, and it is done",
    "rejected": "a person rejected it; ask the person before you go on",
    "expired": "nobody answered in time; tell the person",
    "superseded": "a newer request took its place; list_runs has it",
    "undone": "it was done, and taken back since",
}


def own_requests(services: Services, caller: Callable[[], str], program: str) -> RequestApproval:
    """Ask by the objects of this process.

    `caller` names the key that asks at the moment, and `program` says what asks, for the person.
    """

    async def request_approval(call: PlannedCall, project_id: str, key: str) -> dict[str, Any]:
        request = request_of(call, project_id, program)
        return in_short(await services.asking.call(request, caller(), key))

    return request_approval


def in_short(outcome: PlanOutcome) -> dict[str, Any]:
    """Return what a model reads of its request: where a person decides, or what became of it."""
    short = outcome.model_dump(mode="json", include={"run_id", "run_url", "project_id", "status"})
    approval = outcome.approval
    if approval is None:
        # The same call was asked for before, and a person has answered or let the time pass.
        return short | {
            "done": outcome.status == "done",
            "actions_taken": outcome.actions_taken,
            "next": _ENDED.get(outcome.status, "get_run tells what became of it")
            + "; the same call asks no second time",
        }
    return short | {
        "decide_url": approval.decide_url,
        "expires_at": approval.expires_at.isoformat(),
        "changes": [change.model_dump(mode="json") for change in approval.changes],
        "undo": [action.undo or "cannot be undone" for action in approval.action_requests],
        "next": "nothing has been changed yet; a person approves or rejects it:"
        f" dsm approve {outcome.run_id}, or dsm reject {outcome.run_id}",
    }


def request_of(call: PlannedCall, project_id: str, program: str) -> CallRequest:
    """Make the request for a call; `program` says what asks, for the person."""
    return CallRequest(
        project_id=project_id, name=call.name, arguments=dict(call.arguments), asked_by=program
    )
