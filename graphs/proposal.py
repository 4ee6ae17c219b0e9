"""Proposal of a plan to a person: what changes, the calls with their way back, until when."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from domain_services.kernel.words import counted, listed
from domain_services.project.client import ProjectClient
from domain_services.sprint.client import SprintClient
from domain_services.sprint.schema import SprintTask
from graphs.approval import ActionRequest, AnswerType, Approval, Change, ReviewConfig, decide_url
from graphs.basis import Basis, fingerprint
from graphs.edits import EDITABLE
from memory.decision import PlannedCall
from memory.run import Run, run_url
from tools.compensation import compensation
from tools.cron_words import describe_schedule
from tools.registry import write_arguments

LOOK_AHEAD_DAYS = 30  # for the next working day; a team that is away longer gets one day
SHOWN_TASKS = 12  # of a list by name


def build_approval(
    run: Run,
    plan: Sequence[PlannedCall],
    basis: Basis,
    *,
    reason: str,
    expires_at: datetime,
    going_back: Sequence[SprintTask] = (),
) -> Approval:
    """Return what a person is asked; `going_back` are the open tasks of a sprint to be closed."""
    return Approval(
        run_id=run.run_id,
        run_url=run_url(run.run_id),
        decide_url=decide_url(run.run_id),
        fingerprint=fingerprint(plan, basis),
        expires_at=expires_at,
        reason=reason,
        changes=list(_changes(plan, basis, going_back)),
        action_requests=[_request(step, call) for step, call in enumerate(plan)],
        review_configs=[_config(step, call) for step, call in enumerate(plan)],
    )


async def open_tasks(client: SprintClient, plan: Sequence[PlannedCall]) -> list[SprintTask]:
    """Read the tasks that go back to the backlog when the plan closes or cancels a sprint."""
    for call in plan:
        if call.name in ("close_sprint", "cancel_sprint"):
            sprint = await client.get_sprint(str(call.arguments["sprint_id"]))
            return [task for task in sprint.tasks if task.status != "completed"]
    return []


async def end_of_next_working_day(
    client: ProjectClient, project_id: str, now: datetime
) -> datetime:
    """Return the end of the next working day of the real calendar, in the project's time zone.

    A project that is held at a past day has the same: its people live in the present.
    """
    window = await client.check_availability(project_id, days=1)
    today = now.astimezone(ZoneInfo(window.timezone)).date()
    first, last = today + timedelta(days=1), today + timedelta(days=LOOK_AHEAD_DAYS)
    window = await client.check_availability(project_id, first, last)
    return end_of(next(iter(window.work_days), first), window.timezone)


def end_of(day: date, timezone: str) -> datetime:
    """Return the moment at which a day of a time zone ends, in UTC."""
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=ZoneInfo(timezone))
    return midnight.astimezone(UTC)


def _request(step: int, call: PlannedCall) -> ActionRequest:
    way_back = compensation(call)
    return ActionRequest(
        step=step,
        name=call.name,
        args=call.arguments,
        description=call.description,
        undo=way_back.words if way_back.possible else None,
        cannot_be_undone=not way_back.possible,
    )


def _config(step: int, call: PlannedCall) -> ReviewConfig:
    allowed: list[AnswerType] = ["approve", "reject"]
    if call.name in EDITABLE:
        allowed.insert(1, "edit")
    return ReviewConfig(
        step=step, action_name=call.name, allowed_decisions=allowed, args_schema=_schema(call)
    )


def _schema(call: PlannedCall) -> dict[str, JsonValue]:
    """Return the schema of a call's arguments, in which a person's to change are not fixed.

    The call's own arguments are valid: what it gets from an earlier step is not asked for.
    """
    arguments = write_arguments().get(call.name)
    if arguments is None:
        return {}
    schema: dict[str, Any] = arguments.model_json_schema()
    described: dict[str, dict[str, JsonValue]] = schema.pop("properties", {})
    editable = EDITABLE.get(call.name, frozenset())
    schema["properties"] = {
        name: described.get(name, {})
        if name in editable
        else _fixed(described.get(name, {}), value)
        for name, value in call.arguments.items()
    }
    schema["required"] = list(call.arguments)
    return schema


def _fixed(described: Mapping[str, JsonValue], value: JsonValue) -> JsonValue:
    """Return the schema of an argument that nobody may change."""
    words = {name: described[name] for name in ("title", "description") if name in described}
    return {**words, "const": value}


def _changes(
    plan: Sequence[PlannedCall], basis: Basis, going_back: Sequence[SprintTask]
) -> Iterator[Change]:
    for call in plan:
        if call.name == "create_sprint":
            yield Change(what="sprint", before=basis.sprint or "none", after=_sprint(call))
        elif call.name in ("close_sprint", "cancel_sprint"):
            ending = "closed" if call.name == "close_sprint" else "cancelled"
            after = f"{call.arguments['sprint_id']} {ending}"
            yield Change(what="sprint", before=basis.sprint or "none", after=after)
            yield Change(
                what="unfinished tasks",
                before=f"{len(going_back)} in the sprint",
                after=f"back in the backlog: {_names(going_back)}" if going_back else "none",
            )
        else:
            yield _schedule(call, basis)


def _sprint(call: PlannedCall) -> str:
    tasks = len(cast("list[object]", call.arguments["task_ids"]))
    weeks = cast(int, call.arguments["duration_weeks"])
    first = date.fromisoformat(str(call.arguments["start_date"]))
    last = first + timedelta(weeks=weeks, days=-1)
    return f"{counted(tasks, 'task')}, {counted(weeks, 'week')}, {first} to {last}"


def _schedule(call: PlannedCall, basis: Basis) -> Change:
    before = next((times for times in basis.schedules.values() if times), None)
    if "name" in call.arguments:
        before = basis.schedules.get(str(call.arguments["name"]))
    after = {"delete_cronjob": "none", "suspend_cronjob": "suspended", "resume_cronjob": "resumed"}
    words = after.get(call.name) or describe_schedule(
        str(call.arguments["schedule"]), str(call.arguments["timezone"])
    )
    what = "daily scrum" if call.name != "delete_cronjob" else f"schedule {call.arguments['name']}"
    return Change(what=what, before=before or "none", after=words)


def _names(tasks: Sequence[SprintTask]) -> str:
    return listed([f"{task.task_id} ({task.title})" for task in tasks], SHOWN_TASKS)
