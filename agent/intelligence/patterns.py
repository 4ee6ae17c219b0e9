"""Patterns of a project: similar projects, and velocity with a forecast of the next sprint."""

from statistics import fmean

from agent.intelligence.reader import ProjectReader
from agent.intelligence.schema import SimilarProjectsAnalysis, VelocityTrends
from domain_services.chronicle.schema import ProjectVelocity
from graphs.evidence.distribution import predict
from graphs.evidence.neighbours import POOL
from graphs.evidence.throughput import Sprint
from graphs.thresholds import HISTORY_SPRINTS, MIN_OWN_SPRINTS


async def similar_projects(
    reader: ProjectReader, project_id: str, threshold: float
) -> SimilarProjectsAnalysis:
    """Compare the project with those of at least `threshold` (0..1) similarity.

    Raises: `NotFound`; `Unavailable` without the chronicle.
    """
    await reader.exists(project_id)
    velocity = await reader.velocity(project_id)
    projects, reason = await reader.similar_projects(project_id, threshold)
    return SimilarProjectsAnalysis(
        project_id=project_id,
        similarity_threshold=threshold,
        similar_projects=projects,
        count=len(projects),
        average_similarity=fmean(project.similarity_score for project in projects)
        if projects
        else None,
        velocity_of_similar=fmean(project.average_velocity for project in projects)
        if projects
        else None,
        own_velocity=velocity.average_velocity,
        reason=reason,
    )


async def velocity_trends(reader: ProjectReader, project_id: str) -> VelocityTrends:
    """List the tasks completed in each sprint, with their trend and a forecast of the next one.

    Raises: `NotFound`; `Unavailable` without the chronicle.
    """
    await reader.exists(project_id)
    velocity = await reader.velocity(project_id)
    past = _sprints(velocity)
    if len(past) < MIN_OWN_SPRINTS:
        few = f"{len(past)} closed sprints are recorded, a forecast needs {MIN_OWN_SPRINTS}"
        reasons = velocity.reasons | dict.fromkeys(("expected", "low", "high"), few)
        return VelocityTrends(
            **velocity.model_dump(exclude={"reasons"}),
            reasons=reasons,
            expected=None,
            low=None,
            high=None,
        )
    # Without similar episodes and the team's days off: the mean is that of a decision with neither.
    prediction = predict(past, POOL)
    low, high = prediction.interval()
    return VelocityTrends(**velocity.model_dump(), expected=prediction.mean, low=low, high=high)


def _sprints(velocity: ProjectVelocity) -> list[Sprint]:
    return [
        Sprint(
            completed=sprint.completed_tasks,
            days=(sprint.end_date - sprint.start_date).days + 1,
            committed=sprint.total_tasks,
        )
        for sprint in velocity.velocity_trend_data[-HISTORY_SPRINTS:]
    ]
