"""Whether the backlog becomes a sprint, and if not, why."""

from graphs.rules.base import Facts, Ruling
from graphs.rules.calendar import nobody_works
from graphs.rules.capacity import describe_capacity, planned_tasks, wants_sprint
from graphs.rules.closing import is_over


def create_sprint(facts: Facts) -> Ruling | None:
    """A sprint of the first unassigned tasks, when one is wanted and somebody can work on it."""
    if not wants_sprint(facts) or nobody_works(facts):
        return None
    tasks, weeks = planned_tasks(facts), facts.options.sprint_duration_weeks
    reason = (
        f"A sprint of {tasks} task(s) and {weeks} week(s) is created, because none is in progress"
        f" and {len(facts.unassigned)} of {facts.backlog_tasks} backlog tasks are unassigned."
        f" {describe_capacity(facts)}"
    )
    return Ruling("create_sprint", "create_sprint", reason, tasks=tasks, duration_weeks=weeks)


def keep_as_is(facts: Facts) -> Ruling | None:
    """Nothing about sprints, and the first reason for it; None when a sprint begins or ends."""
    sprint = facts.active_sprint
    if wants_sprint(facts) or (sprint is not None and is_over(sprint, facts.today)):
        return None
    if sprint is not None:
        why = (
            f"sprint {sprint.sprint_id} is in progress until {sprint.end_date.isoformat()} with"
            f" {sprint.pending_tasks} of {sprint.total_tasks} tasks pending"
        )
    elif not facts.options.create_sprint_if_needed:
        why = "no sprint is in progress and the request does not ask for one"
    elif not facts.unassigned:
        why = f"none of the {facts.backlog_tasks} backlog tasks is unassigned"
    else:
        why = f"the request allows {facts.options.max_tasks} tasks in a sprint"
    sprint_id = sprint.sprint_id if sprint is not None else None
    return Ruling("keep_as_is", "nothing", f"Nothing, because {why}.", sprint_id=sprint_id)
