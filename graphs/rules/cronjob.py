"""Keep one CronJob of the daily scrum for the sprint in progress, and none for any other."""

from datetime import date, timedelta

from graphs.rules.backlog import create_sprint
from graphs.rules.base import Facts, Ruling
from graphs.rules.closing import is_over
from tools.cron_times import explain_never
from tools.cron_words import describe_schedule


def schedule_new_sprint(facts: Facts) -> Ruling | None:
    """Create a CronJob for the sprint that is created in this run, if the request allows it."""
    # The rule is asked again: rules are pure, so that none must see the rulings of others.
    if not facts.options.create_cronjob or create_sprint(facts) is None:
        return None
    last_day = facts.sprint_start + timedelta(weeks=facts.options.sprint_duration_weeks, days=-1)
    if never := _never(facts, last_day):
        reason = f"The new sprint gets no CronJob, because {never}."
        return Ruling("schedule_new_sprint", "no_cronjob", reason)
    reason = f"The new sprint is to get a CronJob for its daily scrum: {_words(facts)}."
    return Ruling("schedule_new_sprint", "create_cronjob", reason)


def restore_schedule(facts: Facts) -> Ruling | None:
    """Create a CronJob for a sprint in progress that has none, if the request allows it."""
    sprint = facts.active_sprint
    if sprint is None or is_over(sprint, facts.today):
        return None
    if sprint.cronjob is not None or not facts.options.create_cronjob:
        return None
    if facts.project_status != "active":
        return None
    opening = f"Sprint {sprint.sprint_id} is in progress without a CronJob"
    if sprint.schedule_deleted is not None:
        reason = (
            f"{opening}, because {sprint.schedule_deleted}. It stays so until somebody adds one"
            f" (dsm schedule add {facts.project_id} --daily-scrum)."
        )
        return Ruling("restore_schedule", "no_cronjob", reason, sprint_id=sprint.sprint_id)
    if never := _never(facts, sprint.end_date):
        reason = f"{opening} and gets none, because {never}."
        return Ruling("restore_schedule", "no_cronjob", reason, sprint_id=sprint.sprint_id)
    reason = f"{opening} and is to get one: {_words(facts)}."
    return Ruling("restore_schedule", "create_cronjob", reason, sprint_id=sprint.sprint_id)


def change_schedule(facts: Facts) -> Ruling | None:
    """Change the CronJob of the sprint in progress when the request names another schedule."""
    sprint, schedule = facts.active_sprint, facts.options.schedule
    if sprint is None or sprint.cronjob is None or is_over(sprint, facts.today):
        return None
    if schedule is None or sprint.schedule is None or not facts.options.create_cronjob:
        return None
    if schedule.split() == sprint.schedule.split():
        return None
    if never := _never(facts, sprint.end_date):
        reason = f"CronJob {sprint.cronjob} is not changed as requested, because {never}."
        return Ruling("change_schedule", "no_cronjob", reason, sprint_id=sprint.sprint_id)
    before = describe_schedule(sprint.schedule, facts.timezone)
    reason = (
        f"CronJob {sprint.cronjob} is to be changed as requested: {_words(facts)} (was {before})."
    )
    return Ruling(
        "change_schedule",
        "change_cronjob",
        reason,
        sprint_id=sprint.sprint_id,
        cronjob=sprint.cronjob,
    )


def drop_closed_schedule(facts: Facts) -> Ruling | None:
    """Delete the CronJob of the sprint that is closed in this run."""
    sprint = facts.active_sprint
    if sprint is None or sprint.cronjob is None or not is_over(sprint, facts.today):
        return None
    reason = (
        f"CronJob {sprint.cronjob} is to be deleted, because sprint {sprint.sprint_id} is to be"
        " closed."
    )
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
    reason = (
        f"CronJob {name} is to be deleted, because its sprint is not in progress any more.{later}"
    )
    return Ruling("drop_orphaned_schedule", "delete_cronjob", reason, cronjob=name)


def _never(facts: Facts, last_day: date) -> str | None:
    """Say why the requested schedule is not due up to `last_day`; None when it is."""
    if facts.now is None:
        return None
    return explain_never(facts.schedule, facts.timezone, facts.now, last_day)


def _words(facts: Facts) -> str:
    return describe_schedule(facts.schedule, facts.timezone)
