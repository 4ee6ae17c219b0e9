"""Decide whether the backlog becomes a sprint, and give the reason if not."""

from domain_services.kernel.words import counted
from graphs.rules.base import Facts, Ruling
from graphs.rules.calendar import team_is_absent
from graphs.rules.capacity import describe_capacity, planned_tasks, sprint_is_due
from graphs.rules.closing import is_over
from graphs.rules.project import waits_for_project


def create_sprint(facts: Facts) -> Ruling | None:
    """Create a sprint of the first free tasks when it is due and somebody can work on it."""
    if not sprint_is_due(facts) or team_is_absent(facts):
        return None
    tasks, weeks = planned_tasks(facts), facts.options.sprint_duration_weeks
    unfinished = "".join(f" {sentence}" for sentence in unfinished_elsewhere(facts))
    reason = (
        # Not "is created": the same reason stands in a dry run, and beside a refused call.
        f"A sprint of {tasks} task(s) and {weeks} week(s) is to be created, because none is in"
        f" progress and {facts.unassigned_tasks} of {facts.backlog_tasks} backlog tasks are free"
        f" to be planned.{_beginning(facts)}{unfinished} {facts.pace_reason}"
        f" {describe_capacity(facts)}"
    )
    return Ruling("create_sprint", "create_sprint", reason, tasks=tasks, duration_weeks=weeks)


def _considered(facts: Facts) -> str:
    picked = facts.options.task_ids
    return (
        f"{facts.unassigned_tasks} free tasks" if picked is None else f"{len(picked)} tasks picked"
    )


def _beginning(facts: Facts) -> str:
    if facts.sprint_start == facts.today:
        return ""
    return f" It begins on {facts.sprint_start.isoformat()}, the next working day."


def unfinished_elsewhere(facts: Facts) -> list[str]:
    """Name the sprints that run in the team's tracker: their tasks are first in the order."""
    # docs/adr/0162-running-sprint-of-the-tracker.md
    return [
        f'{counted(sprint.unfinished, "task")} of "{sprint.name}"'
        f" {'is' if sprint.unfinished == 1 else 'are'} unfinished, a sprint that runs in the team's"
        " own tracker; its tasks are planned before all others."
        for sprint in facts.source_sprints
    ]


def keep_as_is(facts: Facts) -> Ruling | None:
    """Change nothing about sprints, and name the first reason; None when one starts or ends."""
    sprint = facts.active_sprint
    if sprint_is_due(facts) or waits_for_project(facts):
        return None
    if sprint is not None and is_over(sprint, facts.today):
        return None
    if sprint is not None:
        cause = (
            f"sprint {sprint.sprint_id} is in progress until {sprint.end_date.isoformat()} with"
            f" {sprint.pending_tasks} of {sprint.total_tasks} tasks pending"
        )
    elif not facts.options.create_sprint_if_needed:
        cause = (
            "no sprint is in progress and the request does not ask for one"
            " (create_sprint_if_needed is false)"
        )
    elif not facts.options.assign_tasks:
        cause = (
            "no sprint is in progress and the request assigns no tasks, which a new sprint needs"
            " (assign_tasks is false)"
        )
    elif not facts.backlog_tasks:
        cause = "the backlog has no open task"
    elif not facts.unassigned_tasks:
        cause = f"none of the {facts.backlog_tasks} backlog tasks is free to be planned"
    elif not facts.plannable:
        cause = f"each of the {_considered(facts)} waits for another task"
    else:
        cause = f"the request allows {facts.options.max_tasks} tasks in a sprint"
    sprint_id = sprint.sprint_id if sprint is not None else None
    # "Nothing" would be false beside a CronJob that this run creates, changes or deletes.
    subject = "No sprint begins or ends" if _changes_a_schedule(facts) else "Nothing"
    return Ruling("keep_as_is", "nothing", f"{subject}, because {cause}.", sprint_id=sprint_id)


def _changes_a_schedule(facts: Facts) -> bool:
    """Check that a rule about CronJobs speaks too; it may also say why none is changed."""
    sprint, schedule = facts.active_sprint, facts.options.schedule
    if sprint is None or not facts.options.create_cronjob:
        return bool(facts.orphaned_cronjobs)
    changed = schedule is not None and schedule.split() != (sprint.schedule or schedule).split()
    return sprint.cronjob is None or changed or bool(facts.orphaned_cronjobs)
