"""Rows of the list of schedules, from jobs, projects and results."""

from datetime import datetime

from agent.jobs.daily import Job
from agent.jobs.firing import describe_rest
from agent.schedules.schema import ScheduledJob, ScheduleKind, ScheduleState
from domain_services.kernel.errors import Invalid
from domain_services.project.schema import Project
from graphs.nodes.analyse import project_now
from memory.job_results import JobResult
from memory.jobs import DailyJob
from tools.cron_dialect import parse_schedule
from tools.cron_times import clock_change_warning, explain_never, next_due
from tools.cron_words import describe_schedule
from tools.cronjobs import CronJob

KINDS: dict[str, ScheduleKind] = {"backfill": "backfill", "learn": "learn"}
INSTALLATION = "the installation"


def project_row(
    job: CronJob, project: Project | None, result: JobResult | None, now: datetime
) -> ScheduledJob:
    """Describe a schedule of a project; `project` is None when it does not exist any more."""
    state, reason = _state(job, project, now)
    present = project_now(project.clock, project.today, job.timezone) if project else now
    # A held project's scrums are still to come: moving its day holds them.
    is_to_come = state == "active" or (state == "resting" and job.kind == "daily_scrum")
    due = next_due(job.schedule, job.timezone, present, job.ends_on) if is_to_come else None
    return ScheduledJob(
        name=job.name,
        kind=job.kind,
        project_id=job.project_id,
        sprint_id=job.sprint_id,
        schedule=job.schedule,
        timezone=job.timezone,
        in_words=describe_schedule(job.schedule, job.timezone),
        state=state,
        state_reason=reason,
        paused=job.suspended,
        paused_by=job.suspended_by,
        paused_at=job.suspended_at,
        next_run=due,
        last_run=result.finished_at if result else job.last_due_at,
        last_result=result.result if result else None,
        last_run_id=result.run_id if result else None,
        ends_on=job.ends_on,
        created_by=job.created_by,
        created_at=job.created_at,
        warning=_warning(job.schedule, job.timezone, present),
    )


def installation_row(
    job: Job, changed: DailyJob | None, result: JobResult | None, now: datetime
) -> ScheduledJob:
    """Describe one of the installation's own jobs."""
    changed = changed or DailyJob(job.name)
    schedule = changed.schedule or job.schedule
    paused = changed.suspended_at is not None
    return ScheduledJob(
        name=job.name,
        kind=KINDS[job.name],
        project_id=None,
        sprint_id=None,
        schedule=schedule,
        timezone="UTC",
        in_words=describe_schedule(schedule, "UTC"),
        state="paused" if paused else "active",
        state_reason=f"paused by {changed.suspended_by}" if paused else None,
        paused=paused,
        paused_by=changed.suspended_by,
        paused_at=changed.suspended_at,
        next_run=None if paused else next_due(schedule, "UTC", now),
        last_run=result.finished_at if result else None,
        last_result=result.result if result else None,
        last_run_id=None,
        ends_on=None,
        created_by=INSTALLATION,
        created_at=None,
        warning=None,
    )


def _state(
    job: CronJob, project: Project | None, now: datetime
) -> tuple[ScheduleState, str | None]:
    if job.suspended:
        return "paused", f"paused by {job.suspended_by}"
    if project is None:
        return "ended", "its project does not exist any more; delete it"
    rests_when_inactive = job.kind == "orchestrate" and project.status != "active"
    if project.clock == "held" or rests_when_inactive:
        return "resting", describe_rest(project, job.kind)
    never = explain_never(job.schedule, job.timezone, now, job.ends_on)
    return ("ended", never) if never else ("active", None)


def _warning(schedule: str, timezone: str, present: datetime) -> str | None:
    try:
        parse_schedule(schedule)
    except Invalid:
        return None  # a stored schedule of another dialect
    return clock_change_warning(schedule, timezone, present.date())
