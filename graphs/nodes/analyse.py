"""Read the project: its backlog, its team and calendar, its sprints and its history."""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from langgraph.runtime import Runtime

from domain_services.backlog.schema import BacklogSummary
from domain_services.chronicle.schema import ProjectEvidence, ProjectVelocity
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.errors import NotFound
from domain_services.kernel.types import utc_now
from domain_services.project.schema import Availability, Clock
from domain_services.sprint.schema import SprintSummary
from graphs.deps import Deps, Sources
from graphs.nodes.history import ask_history, past_sprints, patterns_of, without_simulated
from graphs.nodes.optional import value
from graphs.nodes.planning import read_ages, read_planning
from graphs.nodes.timing import timed
from graphs.rules.base import Facts, RequestOptions, SourceSprint, SprintFact
from graphs.sprint_days import sprint_window
from graphs.state import PastSprint, Planning, Snapshot, State
from graphs.thresholds import CERTAINTIES, EVIDENCE_SECONDS, HISTORY_SPRINTS
from memory.deleted_schedules import DeletedSchedule
from memory.episode import Perception
from tools.cronjobs import CronJob


@timed
async def analyse(state: State, runtime: Runtime[Deps]) -> State:
    """Read the project. Raises: `NotFound`; `Unavailable` when a needed peer is down."""
    deps, order = runtime.context, state["order"]
    project = await read_project(
        deps,
        state["project_id"],
        order.options,
        EVIDENCE_SECONDS * deps.patience,
        order.mode.certainty,
    )
    return State(
        snapshot=project.snapshot,
        planning=project.planning,
        patterns=patterns_of(project.history),
        degraded=project.missing,
    )


@dataclass(frozen=True)
class ProjectState:
    """A project as the services describe it."""

    snapshot: Snapshot
    """The project for rules and evidence."""
    planning: Planning
    """What its next sprint is planned from."""
    history: ProjectEvidence | None
    """The chronicle's answer; None when it did not answer."""
    missing: list[str]
    """What did not answer, in words."""
    until: date | None
    """Day of a project that is held: its history had ended before it; None when it is live."""
    clock: Clock
    """`live`: the project follows the clock; `held`: its day changes only when it is moved."""


@dataclass(frozen=True)
class _Schedules:
    """Daily scrums of a project."""

    jobs: list[CronJob]
    """Its schedules."""
    deleted: dict[str, DeletedSchedule]
    """Those that people deleted or rejected, by sprint."""


async def read_project(
    sources: Sources,
    project_id: str,
    options: RequestOptions,
    seconds: float,
    certainty: int = CERTAINTIES[0],
) -> ProjectState:
    """Read the project; wait up to `seconds` for the chronicle.

    `certainty` is the percent of sprints that are to complete their plan. Raises: as `analyse`,
    and `Invalid` for a task of the request that cannot be planned.
    """
    days = 7 * options.sprint_duration_weeks
    try:
        window, (history, missing), jobs, deleted, summary, sprints = await asyncio.gather(
            sources.project.check_availability(project_id, days=days),
            ask_history(sources, project_id, seconds),
            sources.cronjobs.list_jobs(project_id),
            sources.deleted_schedules.of_project(project_id),
            sources.backlog.get_summary(project_id),
            # The newest one: in progress, or else the last that was held.
            sources.sprint.list_sprints(project_id, limit=1),
        )
    except PeerRefused as refusal:
        if refusal.peer_status == 404:
            raise NotFound(f"there is no project {project_id}", project_id=project_id) from refusal
        raise
    today, clock = window.today, window.clock
    until = today if clock == "held" else None
    newest = sprints[0] if sprints else None
    runs = newest is not None and newest.status == "in_progress"
    # Only now is the day known. A project that follows the clock asks the chronicle once.
    (history, missing), window, ages = await asyncio.gather(
        ask_history(sources, project_id, seconds, until)
        if until is not None and history is not None
        else value((history, missing)),
        sprint_window(sources.project, window, newest, days),
        value(None) if runs else read_ages(sources, project_id, today, days),
    )
    simulated = window.progress_mode == "simulated"
    if history is not None and not simulated:
        history = without_simulated(history)
    velocity = history.velocity if history else None
    schedules = _Schedules([job for job in jobs if job.kind == "daily_scrum"], deleted)
    past, facts = past_sprints(velocity), _facts(summary, newest, window, schedules, options)
    planning, facts = await read_planning(
        sources, facts, past, ages, certainty, history_known=not missing
    )
    snapshot = _snapshot(facts, velocity, past, days, simulated=simulated)
    return ProjectState(snapshot, planning, history, missing, until, window.clock)


def _snapshot(
    facts: Facts,
    velocity: ProjectVelocity | None,
    past: tuple[PastSprint, ...],
    days: int,
    *,
    simulated: bool,
) -> Snapshot:
    return Snapshot(
        facts=facts,
        perception=_perception(facts, velocity, days),
        timezone=facts.timezone,
        past=past,
        average_velocity=velocity.average_velocity if velocity else None,
        trend=velocity.velocity_trend if velocity else None,
        simulated=simulated,
    )


def _facts(
    summary: BacklogSummary,
    newest: SprintSummary | None,
    window: Availability,
    schedules: _Schedules,
    options: RequestOptions,
) -> Facts:
    sprint = newest if newest is not None and newest.status == "in_progress" else None
    active = sprint.sprint_id if sprint else None
    return Facts(
        project_id=window.project_id,
        today=window.today,
        backlog_tasks=summary.total_tasks - summary.status_counts.get("completed", 0),
        unassigned_tasks=summary.unassigned_tasks,
        plannable=(),
        team_size=len(window.capacity) or None,
        working_days=window.working_days,
        team_working_days=window.team_working_days,
        days_off=tuple(
            f"{conflict.date.isoformat()} {conflict.reason or conflict.type}"
            + (f" ({conflict.employee_id})" if conflict.employee_id else "")
            for conflict in window.conflicts
        ),
        active_sprint=sprint and _sprint(sprint, schedules),
        orphaned_cronjobs=tuple(job.name for job in schedules.jobs if job.sprint_id != active),
        options=options,
        timezone=window.timezone,
        now=project_now(window.clock, window.today, window.timezone),
        project_status=window.project_status,
        clock=window.clock,
        next_start=None if sprint else window.start_date,
        source_sprints=tuple(
            SourceSprint(name, tasks) for name, tasks in sorted(summary.source_sprints.items())
        ),
    )


def project_now(clock: Clock, today: date, timezone: str) -> datetime:
    """Return the present of a project; of a held one the start of its day."""
    zone = ZoneInfo(timezone)
    if clock == "held":
        return datetime.combine(today, time(), tzinfo=zone)
    return utc_now().astimezone(zone)


def _sprint(sprint: SprintSummary, schedules: _Schedules) -> SprintFact:
    job = next((job for job in schedules.jobs if job.sprint_id == sprint.sprint_id), None)
    deletion = schedules.deleted.get(sprint.sprint_id)
    return SprintFact(
        sprint_id=sprint.sprint_id,
        end_date=sprint.end_date,
        total_tasks=sprint.total_tasks,
        pending_tasks=sprint.pending_tasks,
        cronjob=job.name if job else None,
        schedule=job.schedule if job else None,
        schedule_timezone=job.timezone if job else None,
        schedule_deleted=deletion and deletion.in_words,
    )


def _perception(facts: Facts, history: ProjectVelocity | None, days: int) -> Perception:
    past = history.velocity_trend_data if history else []
    return Perception(
        project_id=facts.project_id,
        day=facts.today,
        backlog_tasks=facts.backlog_tasks,
        unassigned_tasks=facts.unassigned_tasks,
        team_size=facts.team_size,
        sprint_days=days,
        working_days=facts.working_days,
        team_working_days=facts.team_working_days,
        past_sprints=history.sprint_count if history else 0,
        completed=tuple(sprint.velocity for sprint in past[-HISTORY_SPRINTS:]),
        sprint_in_progress=facts.active_sprint is not None,
    )
