"""Calls that somebody asks for: checked by the tool itself, and told apart from each other."""

import hashlib
from typing import cast

import orjson
from pydantic import ValidationError
from pydantic_core import to_json

from agent.plan_schema import CallRequest
from domain_services.kernel.errors import Conflict, Invalid
from domain_services.kernel.words import listed
from graphs.basis import Basis
from graphs.deps import Sources
from graphs.edits import faults_in_words
from memory.decision import PlannedCall
from memory.episode_documents import JsonObject
from memory.waiting_requests import CallKey
from tools.for_models import plan_call, projects_of
from tools.registry import write_arguments


class NotNow(Conflict):
    """The call would be refused by the facts of now; nobody is asked to approve it."""

    code = "not_now"
    title = "The call would be refused now"


def planned_call(request: CallRequest) -> PlannedCall:
    """Return the call that is asked for, its arguments checked by the tool. Raises: `Invalid`."""
    tools = write_arguments()
    model = tools.get(request.name)
    if model is None:
        raise Invalid(f"no tool that acts is named {request.name}; name one of {', '.join(tools)}")
    try:
        valid = model.model_validate_json(to_json(request.arguments))
    except ValidationError as error:
        raise Invalid(f"{request.name}: {faults_in_words(error)}") from error
    arguments = cast("JsonObject", valid.model_dump(mode="json", exclude_none=True))
    if others := projects_of(arguments) - {request.project_id}:
        raise Invalid(
            f"{request.name} is about {listed(sorted(others))}, not about {request.project_id}:"
            " ask for it in its own project"
        )
    return plan_call(request.name, arguments)


def call_key(key: str, call: PlannedCall, by: str) -> CallKey:
    """Return the identity of a call: a model's runtime may use the id of a call again."""
    document = [key, call.name, call.arguments]
    digest = hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return CallKey(by, f"request:{digest}")


async def refuse_in_vain(sources: Sources, call: PlannedCall, now: Basis) -> None:
    """Refuse a call that its service would refuse by the facts of `now`.

    The service decides again when the call is made. Raises: `NotNow`; `PeerRefused` for an unknown
    sprint; `Unavailable`.
    """
    if call.name == "create_sprint" and now.sprint is not None:
        raise NotNow(f"a sprint is in progress, {now.sprint}: close it before another is created")
    if call.name in ("close_sprint", "cancel_sprint"):
        sprint = await sources.sprint.get_sprint(str(call.arguments["sprint_id"]))
        if sprint.status != "in_progress":
            raise NotNow(
                f"{sprint.sprint_id} is {sprint.status}: only a sprint in progress is closed"
                " or cancelled"
            )
