"""Calls that a run has made: in words, and what they created."""

from typing import cast

from domain_services.kernel.words import counted
from graphs.answer import Created
from graphs.state import Actions
from tools.cron_words import describe_schedule
from tools.guard import MadeCall


def taken_in_words(actions: Actions) -> list[str]:
    """Say what a run has done, call by call; a refusal is the last."""
    return [*(_in_words(call) for call in actions.made), *actions.refused]


def _in_words(call: MadeCall) -> str:
    result = call.result
    if call.name == "create_sprint":
        tasks = counted(cast(int, result["assigned_tasks_count"]), "task")
        return f"Created sprint {result['sprint_id']} with {tasks}"
    if call.name == "close_sprint":
        return f"Closed sprint {result['sprint_id']} ({result['status_updated_to']})"
    if call.name == "create_cronjob":
        return f"Created CronJob {result['name']} ({_schedule(call)}){_unapplied(call)}"
    if call.name == "change_cronjob":
        return f"Changed CronJob {result['name']} ({_schedule(call)})"
    if call.name == "cancel_sprint":
        return f"Cancelled sprint {result['sprint_id']}; its tasks are free again"
    verbs = {"suspend_cronjob": "Suspended", "resume_cronjob": "Resumed"}
    return f"{verbs.get(call.name, 'Deleted')} CronJob {result['name']}"


def _unapplied(call: MadeCall) -> str:
    """Say that a cluster does not have a schedule yet, and why."""
    state = call.result.get("state", "active")
    return "" if state == "active" else f"; {state}: {call.result.get('state_reason')}"


def _schedule(call: MadeCall) -> str:
    return describe_schedule(str(call.result["schedule"]), str(call.result["timezone"]))


def created_by(actions: Actions) -> Created | None:
    """Return the sprint and the CronJob that a run has created; None without either."""
    # From the services' own answers, not from the plan: the caller learns what is there now.
    results = {call.name: call.result for call in actions.made}
    sprint, cronjob = results.get("create_sprint"), results.get("create_cronjob")
    if sprint is None and cronjob is None:
        return None
    sprint = sprint or {}
    return Created.model_validate(
        {
            "sprint_id": sprint.get("sprint_id"),
            "start_date": sprint.get("start_date"),
            "end_date": sprint.get("end_date"),
            "tasks": sprint.get("tasks", []),
            "warnings": sprint.get("warnings", []),
            "cronjob": cronjob,
        }
    )
