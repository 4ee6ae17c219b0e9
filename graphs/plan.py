"""Plan the exact calls that a run will make, in order, from the rules' decisions."""

from collections.abc import Iterator, Sequence

from pydantic import JsonValue

from domain_services.kernel.words import counted
from graphs.rules.base import Facts, Ruling
from graphs.state import Snapshot
from memory.decision import PlannedCall, Selection
from tools.cron_words import describe_schedule


def planned_calls(
    snapshot: Snapshot, rulings: Sequence[Ruling], selection: Selection | None, weeks: int | None
) -> tuple[PlannedCall, ...]:
    """Plan the calls of a decision; a new sprint gets the selected tasks, `weeks` long."""
    task_ids = tuple(task.task_id for task in selection.tasks) if selection else ()
    return tuple(
        call for ruling in rulings for call in _calls(snapshot, ruling, task_ids, weeks or 0)
    )


def _calls(
    snapshot: Snapshot, ruling: Ruling, task_ids: Sequence[str], weeks: int
) -> Iterator[PlannedCall]:
    facts = snapshot.facts
    if ruling.kind == "create_sprint":
        yield _create_sprint(facts, task_ids, weeks)
    elif ruling.kind == "close_sprint":
        yield PlannedCall(
            name="close_sprint",
            arguments={"sprint_id": ruling.sprint_id},
            description=f"Close sprint {ruling.sprint_id}",
        )
    elif ruling.kind == "create_cronjob":
        yield _create_cronjob(snapshot, ruling)
    elif ruling.kind == "change_cronjob":
        yield _change_cronjob(snapshot, ruling)
    elif ruling.kind == "delete_cronjob":
        yield PlannedCall(
            name="delete_cronjob",
            arguments={"project_id": facts.project_id, "name": ruling.cronjob},
            description=f"Delete the CronJob {ruling.cronjob}",
        )


def _create_sprint(facts: Facts, task_ids: Sequence[str], weeks: int) -> PlannedCall:
    return PlannedCall(
        name="create_sprint",
        arguments={
            "project_id": facts.project_id,
            "duration_weeks": weeks,
            "task_ids": list(task_ids),
            "start_date": facts.sprint_start.isoformat(),
        },
        description=sprint_words(weeks, len(task_ids)),
    )


def sprint_words(weeks: int, tasks: int) -> str:
    """Describe the call that creates a sprint."""
    return f"Create a sprint of {counted(weeks, 'week')} with {counted(tasks, 'task')}"


def schedule_words(call: PlannedCall) -> str:
    """Describe a call that sets the times of a daily scrum."""
    words = describe_schedule(str(call.arguments["schedule"]), str(call.arguments["timezone"]))
    if call.name == "create_cronjob":
        return f"Schedule the daily scrum: {words}"
    return f"Change the CronJob {call.arguments['name']}: {words}"


def _create_cronjob(snapshot: Snapshot, ruling: Ruling) -> PlannedCall:
    facts = snapshot.facts
    arguments: dict[str, JsonValue] = {
        "project_id": facts.project_id,
        "schedule": facts.schedule,
        "timezone": snapshot.timezone,
    }
    # A new sprint has neither id nor dates yet: `act` adds them from the answer of the call before.
    if facts.active_sprint is not None and ruling.sprint_id == facts.active_sprint.sprint_id:
        arguments["sprint_id"] = facts.active_sprint.sprint_id
        arguments["ends_on"] = facts.active_sprint.end_date.isoformat()
    return PlannedCall(
        name="create_cronjob",
        arguments=arguments,
        description=f"Schedule the daily scrum: {_words(snapshot)}",
    )


def _change_cronjob(snapshot: Snapshot, ruling: Ruling) -> PlannedCall:
    facts, sprint = snapshot.facts, snapshot.facts.active_sprint
    before: dict[str, JsonValue] | None = None
    if sprint is not None and sprint.schedule is not None:
        timezone = sprint.schedule_timezone or snapshot.timezone
        before = {"schedule": sprint.schedule, "timezone": timezone}
    return PlannedCall(
        name="change_cronjob",
        arguments={
            "project_id": facts.project_id,
            "name": ruling.cronjob,
            "schedule": facts.schedule,
            "timezone": snapshot.timezone,
        },
        description=f"Change the CronJob {ruling.cronjob}: {_words(snapshot)}",
        before=before,
    )


def _words(snapshot: Snapshot) -> str:
    return describe_schedule(snapshot.facts.schedule, snapshot.timezone)
