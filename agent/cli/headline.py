"""First line of a decision's page: what was done, or what a run would do that acts on nothing."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from agent.cli.running_sprint import RunningSprint
from agent.cli.words import count
from graphs.answer import Orchestration

# Reasons of the rules that leave a project as it is, or that keep a sprint from beginning.
_NOTHING = re.compile(r"Nothing, because (.+)", re.DOTALL)
_BLOCKED = re.compile(
    r"No sprint is created, because (?P<cause>.+)"
    r"|(?P<project>\S+ is \w+), so that no sprint is created\.(?P<advice>.*)",
    re.DOTALL,
)
# A refused call in `actions_taken`, as graphs/nodes/act.py writes it.
_REFUSAL = re.compile(r"(.+): refused, (.+)", re.DOTALL)

# Ends of a plan that no person approved.
_UNAPPROVED = {
    "rejected": "Rejected",
    "expired": "Expired without an answer",
    "superseded": "Superseded by a newer decision",
}


def headline(answer: Orchestration, running: RunningSprint | None) -> str:
    """State in one line what was done, or what would be done."""
    if not answer.actions_planned:
        return _no_action(answer, running)
    if answer.status == "waiting":
        return f"Waits for a person, nothing was changed. It would {planned(answer)}"
    if unapproved := _UNAPPROVED.get(answer.status):
        return f"{unapproved}, nothing was changed. It was to {planned(answer)}"
    if answer.effect == "shadow" and answer.intelligence_metadata.decision_mode != "shadow":
        return f"Observing, nothing was carried out. It would {planned(answer)}"
    if answer.dry_run:
        return f"Dry run, nothing was changed. It would {planned(answer)}"
    if answer.intelligence_metadata.decision_mode == "shadow":
        return f"Shadow mode, nothing was carried out. It would {planned(answer)}"
    if len(answer.actions_taken) == len(list(refusals(answer))):
        return f"Refused, nothing was changed. It was to {planned(answer)}"
    return _done(answer)


def refusals(answer: Orchestration) -> Iterator[str]:
    """List the calls that a service refused, each with its reason."""
    for action in answer.actions_taken:
        if refusal := _REFUSAL.fullmatch(action):
            yield f"{refusal[1]}: {refusal[2]}"


def is_blocked(answer: Orchestration) -> bool:
    """Check that a rule keeps a sprint from beginning."""
    return _BLOCKED.search(answer.decisions.rule_based_decision.reasoning) is not None


def _no_action(answer: Orchestration, running: RunningSprint | None) -> str:
    reasoning = answer.decisions.rule_based_decision.reasoning
    if blocked := _BLOCKED.search(reasoning):
        cause = blocked["cause"] or f"{blocked['project']}.{blocked['advice']}"
        return f"Blocked, no sprint can begin: {cause}"
    label = "Dry run, nothing to do" if answer.dry_run else "Nothing to do"
    if running is not None:
        return f"{label}: {running.standing}."
    nothing = _NOTHING.search(reasoning)
    return f"{label}: {nothing[1]}" if nothing else f"{label}. {reasoning}"


def planned(answer: Orchestration) -> str:
    """Describe the plan as it continues "It would"."""
    sprint = answer.analysis.current_sprint
    if answer.decisions.close_sprint and sprint is not None:
        return f"close sprint {sprint.sprint_id}: {_tasks_done(answer)}"
    if answer.decisions.create_new_sprint:
        first, last = planned_period(answer)
        tasks = count(answer.decisions.tasks_to_assign or 0, "task")
        return f"create a sprint: {tasks}, {first} to {last}"
    plans = (call.description for call in answer.actions_planned)
    return "; ".join(plan[:1].lower() + plan[1:] for plan in plans)


def planned_period(answer: Orchestration) -> tuple[date, date]:
    """Return the first and the last day of the sprint that a decision plans."""
    creation = next(call for call in answer.actions_planned if call.name == "create_sprint")
    first = date.fromisoformat(str(creation.arguments["start_date"]))
    weeks = answer.decisions.sprint_duration_weeks or 0
    return first, first + timedelta(weeks=weeks, days=-1)


def _done(answer: Orchestration) -> str:
    sprint, created = answer.analysis.current_sprint, answer.created
    if answer.decisions.close_sprint and sprint is not None:
        return f"Closed sprint {sprint.sprint_id}: {_tasks_done(answer)}"
    if created is not None and created.sprint_id is not None:
        tasks = count(len(created.tasks), "task")
        estimates = [task.estimate for task in created.tasks if task.estimate is not None]
        if estimates:
            tasks += f", {sum(estimates):g} points"
        return (
            f"Created sprint {created.sprint_id}: {tasks},"
            f" {created.start_date} to {created.end_date}"
        )
    return "; ".join(answer.actions_taken)


def _tasks_done(answer: Orchestration) -> str:
    sprint = answer.analysis.current_sprint
    if sprint is None:
        return ""
    done = sprint.total_tasks - sprint.pending_tasks
    return f"{done} of {count(sprint.total_tasks, 'task')} done"
