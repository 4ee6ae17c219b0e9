"""Compensation of a call: the call that takes it back, and words for the person who approves it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from memory.decision import PlannedCall
from tools.cron_words import describe_schedule

Result = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Compensation:
    """Way back from a call."""

    call: PlannedCall | None
    """Call that takes it back; None before the call was made, or when nothing does."""
    words: str
    """The way back, or why there is none, as a person reads it before approving the call."""
    possible: bool = True
    """False when the call cannot be taken back."""


def compensation(call: PlannedCall, result: Result | None = None) -> Compensation:
    """Return how `call` is taken back; `result` is its answer, None before it was made."""
    if call.name not in _WAYS_BACK:
        return _none(f"{call.name} cannot be taken back: no call is known that does")
    return _WAYS_BACK[call.name](call, result)


def _create_sprint(_call: PlannedCall, result: Result | None) -> Compensation:
    words = "cancels the sprint, as long as nobody has reported work; its tasks are free again"
    if result is None:
        return Compensation(None, words)
    sprint_id = str(result["sprint_id"])
    return Compensation(
        PlannedCall(
            name="cancel_sprint",
            arguments={"sprint_id": sprint_id},
            description=f"Cancel sprint {sprint_id}, in which nobody has worked",
        ),
        words,
    )


def _create_cronjob(call: PlannedCall, result: Result | None) -> Compensation:
    # The name was taken: the job of that name got another schedule, and was not created.
    if call.before is not None:
        return _change_back(call, result)
    words = "deletes the schedule"
    if result is None:
        return Compensation(None, words)
    name = str(result["name"])
    arguments: dict[str, JsonValue] = {"project_id": _project(call), "name": name}
    return Compensation(
        PlannedCall(
            name="delete_cronjob", arguments=arguments, description=f"Delete the CronJob {name}"
        ),
        words,
    )


def _change_back(call: PlannedCall, result: Result | None) -> Compensation:
    if call.before is None:
        return _none("the change of the schedule cannot be taken back: its old times are not known")
    schedule, timezone = str(call.before["schedule"]), str(call.before["timezone"])
    old = describe_schedule(schedule, timezone)
    words = f"changes the schedule back to {old}"
    if result is None:
        return Compensation(None, words)
    name = str(result["name"])
    return Compensation(
        PlannedCall(
            name="change_cronjob",
            arguments={
                "project_id": _project(call),
                "name": name,
                "schedule": schedule,
                "timezone": timezone,
            },
            description=f"Change the CronJob {name} back: {old}",
            before={
                "schedule": call.arguments["schedule"],
                "timezone": call.arguments["timezone"],
            },
        ),
        words,
    )


def _delete_cronjob(call: PlannedCall, result: Result | None) -> Compensation:
    job = call.before
    if job is None or not job.get("sprint_id"):
        return _none(
            "the deletion of this schedule cannot be taken back: no sprint in progress needs it"
        )
    old = describe_schedule(str(job["schedule"]), str(job["timezone"]))
    words = f"schedules the daily scrum again: {old}"
    if result is None:
        return Compensation(None, words)
    fields = ("project_id", "sprint_id", "schedule", "timezone", "starts_on", "ends_on")
    return Compensation(
        PlannedCall(
            name="create_cronjob",
            arguments={name: job[name] for name in fields if job.get(name) is not None},
            description=f"Schedule the daily scrum again: {old}",
        ),
        words,
    )


def _opposite(name: str, words: str) -> Callable[[PlannedCall, Result | None], Compensation]:
    def way_back(call: PlannedCall, result: Result | None) -> Compensation:
        if result is None:
            return Compensation(None, words)
        job = str(call.arguments["name"])
        arguments = dict(call.arguments)
        verb = "Resume" if name == "resume_cronjob" else "Suspend"
        return Compensation(
            PlannedCall(name=name, arguments=arguments, description=f"{verb} the CronJob {job}"),
            words,
        )

    return way_back


def _none(words: str) -> Compensation:
    return Compensation(None, words, possible=False)


def _project(call: PlannedCall) -> JsonValue:
    return call.arguments["project_id"]


_WAYS_BACK: Mapping[str, Callable[[PlannedCall, Result | None], Compensation]] = {
    "create_sprint": _create_sprint,
    "close_sprint": lambda _call, _result: _none(
        "cannot be taken back: the sprint's outcome is recorded, and its tasks go back"
    ),
    "cancel_sprint": lambda _call, _result: _none(
        "cannot be taken back: a cancelled sprint does not run again; orchestrate for a new one"
    ),
    "create_cronjob": _create_cronjob,
    "change_cronjob": _change_back,
    "delete_cronjob": _delete_cronjob,
    "suspend_cronjob": _opposite("resume_cronjob", "resumes the schedule"),
    "resume_cronjob": _opposite("suspend_cronjob", "suspends the schedule again"),
}
