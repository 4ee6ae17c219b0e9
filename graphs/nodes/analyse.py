"""Looks at the project: what is planned, who can work, what was completed before."""

import asyncio
from dataclasses import dataclass
from typing import Any

from langgraph.runtime import Runtime

from domain_services.backlog.schema import BacklogSummary, Task
from domain_services.chronicle.schema import ProjectEvidence, ProjectVelocity
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.errors import NotFound
from domain_services.project.schema import Availability
from domain_services.sprint.schema import SprintSummary
from graphs.deps import Deps, Sources
from graphs.nodes.optional import ask
from graphs.nodes.timing import timed
from graphs.rules.base import Facts, RequestOptions, SprintFact, TaskFact
from graphs.state import Order, PastSprint, Patterns, Snapshot, State, dump, load
from graphs.thresholds import EVIDENCE_SECONDS, HISTORY_SPRINTS
from memory.episode import Perception
from tools.cronjobs import CronJob


@timed
async def analyse(state: State, runtime: Runtime[Deps]) -> dict[str, Any]:
    """Read everything at once. Raises: `NotFound`; `Unavailable` when a needed peer is down."""
    options = load(Order, state["order"]).options
    deps = runtime.context
    seen = await read_project(deps, state["project_id"], options, EVIDENCE_SECONDS * deps.patience)
    return {
        "snapshot": dump(Snapshot, seen.snapshot),
        "patterns": dump(Patterns, patterns_of(seen.history)),
        "degraded": seen.missing,
    }


@dataclass(frozen=True)
class ProjectState:
    """A project as it is; `history` is None, and named in `missing`, without the chronicle."""

    snapshot: Snapshot
    history: ProjectEvidence | None
    missing: list[str]


async def read_project(
    sources: Sources, project_id: str, options: RequestOptions, seconds: float
) -> ProjectState:
    """The project as it is now; `seconds` are for the chronicle. Raises: as `analyse`."""
    days = 7 * options.sprint_duration_weeks
    evidence = sources.chronicle.evidence(project_id, sprints=HISTORY_SPRINTS)
    try:
        (
            (window, (history, missing), jobs),
            (summary, tasks, sprints),
        ) = await asyncio.gather(
            asyncio.gather(
                sources.project.check_availability(project_id, days=days),
                ask(evidence, "history", seconds),
                sources.cronjobs.list_jobs(project_id),
            ),
            asyncio.gather(
                sources.backlog.get_summary(project_id),
                sources.backlog.list_tasks(project_id, status="unassigned"),
                sources.sprint.list_sprints(project_id, status="in_progress", limit=1),
            ),
        )
    except PeerRefused as refused:
        if refused.peer_status == 404:
            raise NotFound(f"there is no project {project_id}", project_id=project_id) from refused
        raise
    velocity = history.velocity if history else None
    facts = _facts(summary, tasks, sprints, window, jobs, options)
    snapshot = Snapshot(
        facts=facts,
        perception=_perception(facts, velocity, days),
        timezone=window.timezone,
        past=_past(velocity),
        average_velocity=velocity.average_velocity if velocity else None,
        trend=velocity.velocity_trend if velocity else None,
    )
    return ProjectState(snapshot, history, missing)


def patterns_of(history: ProjectEvidence | None) -> Patterns:
    """What the chronicle knows beyond velocity."""
    if history is None:
        return Patterns((), None, None, ())
    statuses = history.impediments.impediment_status_counts
    return Patterns(
        similar_projects=tuple(each.model_dump(mode="json") for each in history.similar_projects),
        completion_rate=history.patterns.completion_rate,
        average_sprint_days=history.patterns.avg_sprint_duration_days,
        open_impediments=tuple(name for name, counts in statuses.items() if counts.get("open")),
    )


def _facts(
    summary: BacklogSummary,
    tasks: list[Task],
    sprints: list[SprintSummary],
    window: Availability,
    jobs: list[CronJob],
    options: RequestOptions,
) -> Facts:
    sprint = sprints[0] if sprints else None
    active = sprint.sprint_id if sprint else None
    return Facts(
        project_id=window.project_id,
        today=window.start_date,  # a window without dates begins on the project's own day
        backlog_tasks=summary.total_tasks - summary.status_counts.get("completed", 0),
        unassigned=tuple(
            TaskFact(task.task_id, task.priority) for task in tasks if task.sprint_id is None
        ),
        team_size=len(window.capacity) or None,
        working_days=window.working_days,
        team_working_days=window.team_working_days,
        days_off=tuple(
            f"{each.date.isoformat()} {each.reason or each.type}"
            + (f" ({each.employee_id})" if each.employee_id else "")
            for each in window.conflicts
        ),
        active_sprint=sprint and _sprint(sprint, jobs),
        orphaned_cronjobs=tuple(job.name for job in jobs if job.sprint_id != active),
        options=options,
    )


def _sprint(sprint: SprintSummary, jobs: list[CronJob]) -> SprintFact:
    return SprintFact(
        sprint_id=sprint.sprint_id,
        end_date=sprint.end_date,
        total_tasks=sprint.total_tasks,
        pending_tasks=sprint.pending_tasks,
        cronjob=next((job.name for job in jobs if job.sprint_id == sprint.sprint_id), None),
    )


def _perception(facts: Facts, history: ProjectVelocity | None, days: int) -> Perception:
    past = history.velocity_trend_data if history else []
    return Perception(
        project_id=facts.project_id,
        day=facts.today,
        backlog_tasks=facts.backlog_tasks,
        unassigned_tasks=len(facts.unassigned),
        team_size=facts.team_size,
        sprint_days=days,
        working_days=facts.working_days,
        team_working_days=facts.team_working_days,
        past_sprints=history.sprint_count if history else 0,
        completed=tuple(each.completed_tasks for each in past[-HISTORY_SPRINTS:]),
        sprint_in_progress=facts.active_sprint is not None,
    )


def _past(history: ProjectVelocity | None) -> tuple[PastSprint, ...]:
    past = history.velocity_trend_data[-HISTORY_SPRINTS:] if history else []
    return tuple(
        PastSprint(
            each.sprint_id,
            each.start_date,
            each.end_date,
            each.completed_tasks,
            each.total_tasks,
        )
        for each in past
    )
