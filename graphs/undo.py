"""Plan that takes a finished run back: a compensating call for each call, in reverse order."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from domain_services.kernel.client.http_client import PeerRefused
from domain_services.sprint.schema import Sprint
from graphs.deps import Sources
from graphs.state import Actions
from memory.decision import PlannedCall
from tools.compensation import Compensation, compensation
from tools.cron_words import describe_schedule
from tools.cronjobs import CronJob, cronjob_name

# State of a schedule after each call: True when it is suspended.
_SUSPENSIONS: Mapping[str, bool] = {"suspend_cronjob": True, "resume_cronjob": False}


@dataclass(frozen=True)
class UndoPlan:
    """Plan of an undo run, and what of the original run stays."""

    plan: tuple[PlannedCall, ...]
    """Compensating calls in order; empty when nothing can be taken back."""
    stays: tuple[str, ...]
    """Calls of the original run that are not taken back, each with its reason."""


@dataclass(frozen=True)
class FinishedCall:
    """A call that a finished run made, with what is known of its result."""

    call: PlannedCall
    """The call as it was planned."""
    result: Mapping[str, JsonValue]
    """Id or name of the thing that the call made or changed."""


def finished_calls(
    plan: Sequence[PlannedCall], response: Mapping[str, JsonValue]
) -> list[FinishedCall]:
    """Return the calls that a run has made, from its plan and its stored answer."""
    words = response.get("actions_taken")
    words = [str(word) for word in words] if isinstance(words, list) else []
    # A refusal ends the plan: it is the last of the words, and names its call.
    count = len(words)
    if words and count <= len(plan) and _is_refusal(plan[count - 1], words[-1]):
        count -= 1
    created = response.get("created")
    created = created if isinstance(created, dict) else {}
    return [FinishedCall(call, _result(call, created)) for call in plan[:count]]


async def plan_undo(sources: Sources, calls: Sequence[FinishedCall]) -> UndoPlan:
    """Plan the calls that take `calls` back, as far as the world is still as they left it.

    Raises: `Unavailable` when a needed peer is down.
    """
    plan: list[PlannedCall] = []
    stays: list[str] = []
    cancels = False
    for finished in reversed(calls):
        way_back = compensation(finished.call, finished.result)
        if way_back.call is None:
            stays.append(f"{finished.call.description}: {way_back.words}")
            continue
        back, obstacle = await _checked(sources, finished, way_back)
        if obstacle:
            stays.append(f"{finished.call.description}: {obstacle}")
            continue
        cancels = cancels or back.name == "cancel_sprint"
        plan.append(back)
    # The schedule of a sprint that goes on is left alone, or the sprint would lose its scrum.
    made_sprint = any(finished.call.name == "create_sprint" for finished in calls)
    if made_sprint and not cancels:
        return UndoPlan((), tuple(reversed(stays)))
    return UndoPlan(tuple(plan), tuple(reversed(stays)))


async def _checked(
    sources: Sources, finished: FinishedCall, way_back: Compensation
) -> tuple[PlannedCall, str]:
    """Return the compensating call with the present schedule, and what stands in its way."""
    back = way_back.call
    assert back is not None
    if back.name == "cancel_sprint":
        return back, await _obstacle_of_sprint(sources, str(back.arguments["sprint_id"]))
    if back.name == "create_cronjob":
        sprint = await _sprint(sources, str(back.arguments["sprint_id"]))
        if sprint is None or sprint.status != "in_progress":
            return back, "its sprint has ended"
        job = await sources.cronjobs.find(cronjob_name(sprint.sprint_id))
        # A creation would adopt it, and change the times that somebody gave it.
        return back, "" if job is None else f"it is scheduled again already, {_times(job)}"
    job = await sources.cronjobs.find(str(back.arguments["name"]))
    if job is None:
        return back, "the schedule is gone already"
    if back.name == "change_cronjob" and not _is_as_made(finished.call, job):
        return back, f"somebody has changed the schedule since; it is {_times(job)}"
    if back.name in _SUSPENSIONS and job.suspended is _SUSPENSIONS[back.name]:
        return back, f"the schedule {'is suspended' if job.suspended else 'runs'} again already"
    return back.model_copy(update={"before": as_before(job)}), ""


async def _obstacle_of_sprint(sources: Sources, sprint_id: str) -> str:
    sprint = await _sprint(sources, sprint_id)
    if sprint is None:
        return f"sprint {sprint_id} is gone"
    if sprint.status != "in_progress":
        return f"sprint {sprint_id} is {sprint.status.replace('_', ' ')} already"
    if sprint.progress_source != "none":
        return f"work was reported in {sprint_id}; close it instead: dsm sprint close {sprint_id}"
    return ""


async def _sprint(sources: Sources, sprint_id: str) -> Sprint | None:
    try:
        return await sources.sprint.get_sprint(sprint_id)
    except PeerRefused as refusal:
        if refusal.peer_status != 404:
            raise
        return None


def left_by_undo(
    proposed: Sequence[PlannedCall], rejected: Collection[int], actions: Actions
) -> list[str]:
    """Say which calls of an undo were not made, each with its reason; empty when all is undone.

    `rejected` are the steps of the `proposed` plan that a person left out.
    """
    approved = [step for step in range(len(proposed)) if step not in rejected]
    executed = approved[: len(actions.made)]
    cancelled = {
        str(proposed[step].arguments["sprint_id"])
        for step in executed
        if proposed[step].name == "cancel_sprint"
    }
    remaining: list[str] = []
    for step, call in enumerate(proposed):
        # A schedule goes with its sprint: its deletion needs no call of its own.
        goes_along = call.name == "delete_cronjob" and (call.before or {}).get("sprint_id")
        if step in executed or (goes_along and goes_along in cancelled):
            continue
        if step in rejected:
            remaining.append(f"{call.description}: not approved")
        elif step == approved[len(executed)] and actions.refused:
            remaining.append(actions.refused[0])
        else:
            remaining.append(f"{call.description}: not tried after a step that was refused")
    return remaining


async def with_before(sources: Sources, call: PlannedCall) -> PlannedCall:
    """Return a call on a project's schedule with that schedule as it is now, to be taken back."""
    if "cronjob" not in call.name:
        return call
    # A creation adopts the schedule of its sprint where there is one.
    name = call.arguments.get("name") or cronjob_name(str(call.arguments["sprint_id"]))
    job = await sources.cronjobs.find(str(name))
    if job is None or job.project_id != call.arguments["project_id"]:
        return call
    return call.model_copy(update={"before": as_before(job)})


def as_before(job: CronJob) -> dict[str, JsonValue]:
    """Return what a call needs that makes a schedule again as it is."""
    fields = {"project_id", "name", "sprint_id", "schedule", "timezone", "starts_on", "ends_on"}
    return job.model_dump(mode="json", include=fields)


def _times(job: CronJob) -> str:
    return describe_schedule(job.schedule, job.timezone)


def _is_as_made(call: PlannedCall, job: CronJob) -> bool:
    return (job.schedule, job.timezone) == (
        call.arguments.get("schedule"),
        call.arguments.get("timezone"),
    )


def _is_refusal(call: PlannedCall, words: str) -> bool:
    return words.startswith(f"{call.description}: ")


def _result(call: PlannedCall, created: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    if call.name == "create_sprint":
        return {"sprint_id": created.get("sprint_id")}
    if call.name == "create_cronjob":
        cronjob = created.get("cronjob")
        return {"name": cronjob.get("name")} if isinstance(cronjob, dict) else {}
    return {"name": call.arguments.get("name")}
