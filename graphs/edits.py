"""Changes by a person to a plan: what may be changed, and within which limits."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import cast

from pydantic import JsonValue, ValidationError
from pydantic_core import to_json

from domain_services.backlog.planning_schema import Candidate
from domain_services.kernel.errors import Invalid
from domain_services.kernel.types import utc_now
from domain_services.kernel.words import listed
from graphs.basis import ReadBasis
from graphs.evidence.chances import Chances
from graphs.evidence.selection import PlanningOrder, select
from graphs.plan import schedule_words, sprint_words
from memory.decision import Decision, PlannedCall, Selection
from tools.cron_dialect import parse_schedule
from tools.cron_times import explain_never
from tools.registry import write_arguments

# Arguments of each tool that a person may change; the others say what the call is about.
EDITABLE: Mapping[str, frozenset[str]] = {
    "create_sprint": frozenset({"task_ids", "duration_weeks", "start_date"}),
    "create_cronjob": frozenset({"schedule"}),
    "change_cronjob": frozenset({"schedule"}),
}
MAX_WEEKS = 8  # from the first possible day of a sprint to its first day
MOST_FAULTS = 5  # of one answer, in its refusal


def edit_call(step: int, call: PlannedCall, changes: Mapping[str, JsonValue]) -> PlannedCall:
    """Return a planned call with changed arguments; those that are not named stay.

    Raises: `Invalid` for an argument that is unknown, of a wrong type, or not a person's to change.
    """
    editable = EDITABLE.get(call.name, frozenset())
    fixed = [
        name
        for name, argument in changes.items()
        if name not in editable and call.arguments.get(name) != argument
    ]
    if fixed:
        may = f"change {', '.join(sorted(editable))}" if editable else "approve or reject it"
        raise Invalid(f"step {step}: {listed(fixed)} cannot be changed; {may}", step=step)
    arguments = {**call.arguments, **changes}
    _check_types(step, call, arguments)
    edited = call.model_copy(update={"arguments": arguments})
    return edited.model_copy(update={"description": _describe(edited)})


def check_numbers(step: int, call: PlannedCall, most_tasks: int) -> None:
    """Refuse a call with more tasks than its request or a sprint may have. Raises: `Invalid`."""
    if call.name == "create_sprint" and (tasks := len(task_ids_of(call))) > most_tasks:
        raise Invalid(
            f"step {step}: {tasks} tasks are more than {most_tasks}, the limit of the request",
            step=step,
        )


def check_limits(step: int, call: PlannedCall, now: ReadBasis, proposed: Collection[str]) -> None:
    """Refuse an edited call outside the limits of the rules, by the facts of `now`.

    Of the `proposed` tasks a change is a difference of the plan, not a fault of the edit. Raises:
    `Invalid`.
    """
    if call.name == "create_sprint":
        _check_sprint(step, call, now, proposed)
    if "schedule" in call.arguments:
        schedule = str(call.arguments["schedule"])
        try:
            parse_schedule(schedule)
        except Invalid as refusal:
            raise Invalid(f"step {step}: {refusal.detail}", step=step) from refusal
        if never := explain_never(schedule, str(call.arguments["timezone"]), utc_now()):
            raise Invalid(f"step {step}: schedule {schedule!r} would never run: {never}", step=step)


def needed_step(plan: Sequence[PlannedCall], step: int) -> int | None:
    """Return the step whose result a step needs; None when it needs none."""
    call = plan[step]
    if call.name != "create_cronjob" or "sprint_id" in call.arguments:
        return None
    names = [earlier.name for earlier in plan[:step]]
    return names.index("create_sprint") if "create_sprint" in names else None


def edited_decision(
    decision: Decision, plan: Sequence[PlannedCall], by: str, selection: Selection | None
) -> Decision:
    """Return a decision with the plan of a person; recommendations stay as they were made."""
    creation = next((call for call in plan if call.name == "create_sprint"), None)
    tasks = len(task_ids_of(creation)) if creation else None
    weeks = cast(int, creation.arguments["duration_weeks"]) if creation else None
    words = f"{by} changed the plan: {'; '.join(call.description for call in plan)}."
    return decision.model_copy(
        update={
            "plan": tuple(plan),
            "create_sprint": creation is not None,
            "close_sprint": any(call.name == "close_sprint" for call in plan),
            "tasks": tasks,
            "duration_weeks": weeks,
            "selection": selection if creation else None,
            # It was made for the proposed number of tasks.
            "expectation": decision.expectation if tasks == decision.tasks else None,
            "reasoning": f"{decision.reasoning} {words}".strip(),
        }
    )


def selection_by_person(
    tasks: Sequence[Candidate], proposed: Selection | None, by: str, chances: Chances
) -> Selection:
    """Return the tasks that a person chose, in the person's order."""
    earlier = {task.task_id: task for task in proposed.tasks} if proposed else {}
    free = len(earlier) + proposed.left_out_count if proposed else len(tasks)
    chosen = select(PlanningOrder(tuple(tasks), ()), len(tasks), free, chances)
    return chosen.model_copy(
        update={
            "tasks": tuple(
                earlier.get(task.task_id) or task.model_copy(update={"reason": f"chosen by {by}"})
                for task in chosen.tasks
            )
        }
    )


def task_ids_of(creation: PlannedCall) -> list[str]:
    """Return the tasks of a call that creates a sprint."""
    return [str(task_id) for task_id in cast("list[object]", creation.arguments["task_ids"])]


def _check_types(step: int, call: PlannedCall, arguments: Mapping[str, JsonValue]) -> None:
    model = write_arguments().get(call.name)
    if model is None:
        raise Invalid(f"step {step}: no tool is named {call.name}", step=step)
    try:
        # As the call stands it is made, so that "3" or true is no number of weeks.
        model.model_validate_json(to_json(arguments), strict=True)
    except ValidationError as error:
        # A call that needs the result of an earlier one gets these arguments when it is made.
        if reasons := faults_in_words(error, leave_out="missing"):
            raise Invalid(f"step {step}: {reasons}", step=step) from error


def faults_in_words(error: ValidationError, leave_out: str | None = None) -> str:
    """Name the first faults of a call's arguments; "" when all are of the type `leave_out`."""
    faults = [
        f"{'.'.join(str(part) for part in fault['loc']) or 'arguments'}:"
        f" {fault['msg'].removeprefix('Value error, ')}"
        for fault in error.errors(include_url=False, include_input=False)
        if fault["type"] != leave_out
    ]
    return listed(faults, MOST_FAULTS, "; ")


def _check_sprint(step: int, call: PlannedCall, now: ReadBasis, proposed: Collection[str]) -> None:
    task_ids, today = task_ids_of(call), now.window.today
    known = {*now.free, *proposed}
    first = date.fromisoformat(str(call.arguments["start_date"]))
    latest = max(today, now.basis.first_day or today) + timedelta(weeks=MAX_WEEKS)
    if unknown := [task_id for task_id in task_ids if task_id not in known]:
        reason = f"{listed(unknown)}: no free task of the project; name tasks of its backlog"
    elif first < today:
        reason = f"a sprint never begins before today, {today.isoformat()} in the project"
    elif first > latest:
        reason = f"a sprint begins within {MAX_WEEKS} weeks, by {latest.isoformat()}"
    else:
        return
    raise Invalid(f"step {step}: {reason}", step=step)


def _describe(call: PlannedCall) -> str:
    if call.name == "create_sprint":
        weeks = cast(int, call.arguments["duration_weeks"])
        return sprint_words(weeks, len(task_ids_of(call)))
    return schedule_words(call)
