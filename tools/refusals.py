"""Refusals as answers: `{error, detail, next}`, so that an agent goes on."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError

from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.errors import Invalid, Problem, Unavailable
from tools.answers import Answer
from tools.documents import bounded

_MOST_ERRORS = 5
# Next step by the peer's or this program's own code; the HTTP status decides where none is named.
_BY_CODE = {
    "already_answered": "read the run with get_run; a person has decided about it",
    "paused": "tell the person that the project is paused; nothing acts until the pause ends",
    "request_in_progress": "the same request is running; read its result in some seconds",
    "overloaded": "wait some seconds, then call once more",
}
_BY_STATUS = {
    400: "correct the arguments that the detail names, then call again",
    401: "tell the person that the API key is not known; do not call again",
    403: "tell the person that this key may not do it; do not call again",
    404: "check the id",
    409: "read the present state again; then decide anew, or tell the person",
    412: "read the present state again; it has changed in between",
    413: "send fewer entries",
    422: "correct the arguments that the detail names, then call again",
}
_TELL = "tell the person what was refused and why; do not repeat the call"
# Tool that lists the ids of an argument.
_LISTED_BY = {
    "project_id": "list_projects",
    "sprint_id": "list_sprints",
    "task_id": "list_unassigned_tasks",
    "task_ids": "list_unassigned_tasks",
    "run_id": "list_runs",
    "name": "list_cronjobs",
}


def refusal(error: str, detail: str, then: str) -> Answer:
    """Make the answer of a refusal: its code, the words, and what to do next."""
    return bounded({"error": error, "detail": detail, "next": then})


def of_problem(problem: Problem, arguments: Iterable[str] = ()) -> Answer:
    """Answer a refusal by a service, or its absence; `arguments` are those of the call."""
    if isinstance(problem, Unavailable):
        seconds = problem.headers.get("Retry-After", "1")
        then = _BY_CODE.get(problem.code) or (
            f"wait {seconds} s and call once more; when it is refused again, tell the person"
        )
        return refusal(problem.code, problem.detail, then)
    status, code, detail = problem.status, problem.code, problem.detail
    if isinstance(problem, PeerRefused):
        status = problem.peer_status
        code = str(problem.problem.get("code") or f"http_{status}")
    then = _BY_CODE.get(code) or _BY_STATUS.get(status, _TELL)
    if status == 404:
        named = [_LISTED_BY[name] for name in arguments if name in _LISTED_BY]
        then = (
            f"check the id; {' or '.join(dict.fromkeys(named))} lists those there are"
            if named
            else then
        )
    return refusal(code, detail, then)


def of_arguments(tool: str, error: ValidationError, known: Iterable[str]) -> Answer:
    """Answer arguments that a tool does not take."""
    names = ", ".join(known)
    return refusal(
        "invalid_arguments",
        _not_called(tool, error),
        f"call it again with corrected arguments; it takes {names or 'none'}",
    )


@contextmanager
def checking_arguments(tool: str) -> Iterator[None]:
    """Check the arguments of a tool in the block. Raises: `Invalid` for a `ValidationError`.

    To be left before anything is called: what a peer answers is no argument.
    """
    try:
        yield
    except ValidationError as error:
        raise Invalid(_not_called(tool, error)) from error


def _not_called(tool: str, error: ValidationError) -> str:
    # The values are not repeated: they may be long or hostile.
    faults = [
        f"{'.'.join(map(str, fault['loc'])) or 'arguments'}:"
        f" {fault['msg'].removeprefix('Value error, ')}"
        for fault in error.errors(include_input=False, include_url=False)[:_MOST_ERRORS]
    ]
    return f"{tool} was not called: {'; '.join(faults)}"


def of_unknown_tool(name: str, names: Iterable[str]) -> Answer:
    """Answer a call of a tool that is not there."""
    return refusal(
        "unknown_tool",
        f"there is no tool {name[:80]!r}",
        f"use one of these: {', '.join(sorted(names))}",
    )


def of_failure(tool: str, error: Exception, reference: str) -> Answer:
    """Answer an unexpected failure; its text stays in the log, it may hold what is secret."""
    return refusal(
        "internal_error",
        f"{tool} failed with {type(error).__name__}; the log has it under {reference}",
        "tell the person this reference; do not repeat the call",
    )


def is_refusal(answer: Any) -> bool:
    """Check that an answer says why nothing was done."""
    return isinstance(answer, dict) and "error" in answer and "next" in answer
