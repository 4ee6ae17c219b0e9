"""A project's history as the chronicle knows it, for rules, evidence and recall."""

from datetime import date

from domain_services.chronicle.schema import ProjectEvidence, ProjectVelocity
from graphs.deps import Sources
from graphs.evidence.pace import Sprint
from graphs.nodes.optional import ask
from graphs.state import PastSprint, Patterns
from graphs.thresholds import HISTORY_SPRINTS

Answered = tuple[ProjectEvidence | None, list[str]]


async def ask_history(
    sources: Sources, project_id: str, seconds: float, until: date | None = None
) -> Answered:
    """Ask the chronicle within `seconds`; return its answer, or None and what is missing.

    `until` leaves out what ended on that day or later, in every project.
    """
    # One request for all of the chronicle's figures (docs/adr/0010-one-evidence-request.md).
    evidence = sources.chronicle.evidence(project_id, sprints=HISTORY_SPRINTS, until=until)
    return await ask(evidence, "history", seconds)


def without_simulated(history: ProjectEvidence) -> ProjectEvidence:
    """Return the history without simulated sprints, which say nothing of people's work."""
    velocity = history.velocity
    if velocity.progress_source != "simulated":
        return history
    count = velocity.sprint_count
    reason = (
        f"{count} simulated sprint{'' if count == 1 else 's'} {'is' if count == 1 else 'are'} not"
        " counted: the project reports its progress"
    )
    return history.model_copy(
        update={
            "velocity": _without_sprints(velocity, reason),
            "patterns": history.patterns.model_copy(
                update={
                    "avg_sprint_duration_days": None,
                    "completion_rate": None,
                    "reasons": dict.fromkeys(
                        ("avg_sprint_duration_days", "completion_rate"), reason
                    ),
                }
            ),
            "similar_projects": [],
            "reasons": history.reasons | {"similar_projects": reason},
        }
    )


def _without_sprints(velocity: ProjectVelocity, reason: str) -> ProjectVelocity:
    return ProjectVelocity(
        project_id=velocity.project_id,
        sprint_count=0,
        simulated_sprints=velocity.sprint_count,
        unworked_sprints=velocity.unworked_sprints,
        velocity_trend_data=[],
        average_velocity=None,
        trend=None,
        velocity_trend=None,
        velocity_analysis=f"{reason}.",
        reasons=dict.fromkeys(("average_velocity", "trend", "velocity_trend"), reason),
    )


def past_sprints(velocity: ProjectVelocity | None) -> tuple[PastSprint, ...]:
    """Return the newest sprints that count, oldest first."""
    newest = velocity.velocity_trend_data[-HISTORY_SPRINTS:] if velocity else []
    return tuple(
        PastSprint(
            sprint.sprint_id,
            sprint.start_date,
            sprint.ended_on or sprint.end_date,
            sprint.velocity,
            sprint.total_tasks,
            sprint.completed_outside or 0,
            sprint.completed_arrived,
        )
        for sprint in newest
    )


def as_sprint(past: PastSprint) -> Sprint:
    """Return a past sprint as evidence takes it."""
    return Sprint(
        completed=past.completed_tasks,
        days=(past.end_date - past.start_date).days + 1,
        committed=past.planned_tasks,
        outside=past.completed_outside,
        arrived=past.completed_arrived,
    )


def patterns_of(history: ProjectEvidence | None) -> Patterns:
    """Return the chronicle's figures beyond velocity."""
    if history is None:
        return Patterns((), None, None, ())
    return Patterns(
        similar_projects=tuple(history.similar_projects),
        completion_rate=history.patterns.completion_rate,
        average_sprint_days=history.patterns.avg_sprint_duration_days,
        open_impediments=open_impediments(history),
    )


def open_impediments(history: ProjectEvidence) -> tuple[str, ...]:
    """Return what is in the way now, by name."""
    statuses = history.impediments.impediment_status_counts
    # A chronicle of the release before names no open impediments.
    by_status = (name for name, counts in statuses.items() if counts.get("open"))
    return tuple(dict.fromkeys((*history.impediments.open_impediments, *by_status)))
