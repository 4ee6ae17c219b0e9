"""Keep one CronJob of the daily scrum for the sprint in progress, and none for any other."""

from graphs.rules.backlog import create_sprint
from graphs.rules.base import Facts, Ruling
from graphs.rules.closing import is_over


def schedule_new_sprint(facts: Facts) -> Ruling | None:
    """Create a CronJob for the sprint that is created in this run, if the request allows it."""
    # The rule is asked again: rules are pure, so that none must see the rulings of others.
    if not facts.options.create_cronjob or create_sprint(facts) is None:
        return None
    reason = f"The new sprint gets a CronJob at '{facts.options.schedule}' for its daily scrum."
    return Ruling("schedule_new_sprint", "create_cronjob", reason)


def restore_schedule(facts: Facts) -> Ruling | None:
    """Create a CronJob for a sprint in progress that has none, if the request allows it."""
    sprint = facts.active_sprint
    if sprint is None or is_over(sprint, facts.today):
        return None
    if sprint.cronjob is not None or not facts.options.create_cronjob:
        return None
    reason = (
        f"Sprint {sprint.sprint_id} is in progress without a CronJob and gets one at"
        f" '{facts.options.schedule}'."
    )
    return Ruling("restore_schedule", "create_cronjob", reason, sprint_id=sprint.sprint_id)


def drop_closed_schedule(facts: Facts) -> Ruling | None:
    """Delete the CronJob of the sprint that is closed in this run."""
    sprint = facts.active_sprint
    if sprint is None or sprint.cronjob is None or not is_over(sprint, facts.today):
        return None
    reason = f"CronJob {sprint.cronjob} is deleted, because sprint {sprint.sprint_id} is closed."
    return Ruling(
        "drop_closed_schedule",
        "delete_cronjob",
        reason,
        sprint_id=sprint.sprint_id,
        cronjob=sprint.cronjob,
    )


def drop_orphaned_schedule(facts: Facts) -> Ruling | None:
    """Delete a CronJob whose sprint is not in progress any more, one a run."""
    if not facts.orphaned_cronjobs:
        return None
    # One a run keeps a decision short; orphans are rare, and harmless until the next run.
    name, *others = facts.orphaned_cronjobs
    later = f" {len(others)} more are left to the next runs." if others else ""
    reason = f"CronJob {name} is deleted, because its sprint is not in progress any more.{later}"
    return Ruling("drop_orphaned_schedule", "delete_cronjob", reason, cronjob=name)
