"""Rows of the list of schedules, from jobs, projects and results."""

from datetime import datetime

import structlog

from agent.jobs.firing import describe_rest
from agent.jobs.own_jobs import INSTALLATION
from agent.schedules.schema import ScheduledJob, ScheduleState
from domain_services.kernel.database.set_aside import error_text
from domain_services.kernel.errors import Invalid
from domain_services.project.schema import Project
from graphs.nodes.analyse import project_now
from memory.job_results import JobResult
from tools.cron_dialect import parse_schedule
from tools.cron_times import clock_change_warning, explain_never, next_due
from tools.cron_words import describe_schedule
from tools.cronjobs import CronJob, ProjectKind

logger = structlog.get_logger()


def describe(
    job: CronJob, project: Project | None, result: JobResult | None, now: datetime
) -> ScheduledJob:
    """Describe a schedule; `project` is None for one without, or when it does not exist.

    One whose times cannot be read is `refused`, with the reason.
    """
    try:
        return _describe(job, project, result, now)
    except Exception as error:
        logger.warning("schedule.unreadable", cronjob=job.name, error=error_text(error))
        return _row(
            job,
            result,
            in_words=f"at '{job.schedule}', {job.timezone}",
            state="refused",
            state_reason=f"it cannot be read: {error_text(error)}; change or delete it",
            next_run=None,
            warning=None,
        )


def _describe(
    job: CronJob, project: Project | None, result: JobResult | None, now: datetime
) -> ScheduledJob:
    state, reason = _state(job, project, now)
    present = project_now(project.clock, project.today, job.timezone) if project else now
    # A held project's scrums are still to come: moving its day holds them.
    rests_as_scrum = state == "resting" and job.kind == "daily_scrum"
    is_to_come = rests_as_scrum or state in ("active", "pending")
    due = (
        next_due(job.schedule, job.timezone, present, job.ends_on, job.starts_on)
        if is_to_come
        else None
    )
    return _row(
        job,
        result,
        in_words=describe_schedule(job.schedule, job.timezone),
        state=state,
        state_reason=reason,
        next_run=due,
        warning=_zone_warning(job, project) or _warning(job.schedule, job.timezone, present),
    )


def _row(
    job: CronJob,
    result: JobResult | None,
    *,
    in_words: str,
    state: ScheduleState,
    state_reason: str | None,
    next_run: datetime | None,
    warning: str | None,
) -> ScheduledJob:
    return ScheduledJob(
        name=job.name,
        kind=job.kind,
        project_id=job.project_id,
        sprint_id=job.sprint_id,
        schedule=job.schedule,
        timezone=job.timezone,
        in_words=in_words,
        state=state,
        state_reason=state_reason,
        paused=job.suspended,
        paused_by=job.suspended_by,
        paused_at=job.suspended_at,
        next_run=next_run,
        last_run=result.finished_at if result else job.last_due_at,
        last_result=result.result if result else None,
        last_run_id=result.run_id if result else None,
        starts_on=job.starts_on,
        ends_on=job.ends_on,
        created_by=job.created_by if job.project_id else INSTALLATION,
        created_at=job.created_at if job.project_id else None,
        warning=warning,
    )


def _zone_warning(job: CronJob, project: Project | None) -> str | None:
    """Warn of a project that has moved to another time zone; None when it has not."""
    if project is None or project.timezone == job.timezone:
        return None
    return (
        f"The project is in {project.timezone} now, and this schedule still in {job.timezone}: a"
        " change of the schedule moves it."
    )


def _state(
    job: CronJob, project: Project | None, now: datetime
) -> tuple[ScheduleState, str | None]:
    if job.suspended:
        return "paused", f"paused by {job.suspended_by}"
    if job.project_id is not None and project is None:
        return "ended", "its project does not exist any more; delete it"
    if project is not None and (reason := _rest(job, project)) is not None:
        return "resting", reason
    if never := explain_never(job.schedule, job.timezone, now, job.ends_on, job.starts_on):
        return "ended", never
    return job.state, job.state_reason


def _rest(job: CronJob, project: Project) -> str | None:
    kind: ProjectKind = "daily_scrum" if job.kind == "daily_scrum" else "orchestrate"
    rests_when_inactive = kind == "orchestrate" and project.status != "active"
    if project.clock == "held" or rests_when_inactive:
        return describe_rest(project, kind)
    return None


def _warning(schedule: str, timezone: str, present: datetime) -> str | None:
    try:
        parse_schedule(schedule)
    except Invalid:
        return None  # a stored schedule of another dialect
    return clock_change_warning(schedule, timezone, present.date())
