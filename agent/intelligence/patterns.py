"""Patterns of a project: similar projects, and velocity with a forecast of the next sprint."""

from statistics import fmean

from agent.intelligence.reader import ProjectReader
from agent.intelligence.schema import SimilarProjectsAnalysis, VelocityTrends


async def similar_projects(
    reader: ProjectReader, project_id: str, threshold: float
) -> SimilarProjectsAnalysis:
    """Compare the project with those of at least `threshold` (0..1) similarity.

    Raises: `NotFound`; `Unavailable` without the chronicle.
    """
    until = await reader.held_at(project_id)
    velocity = await reader.velocity(project_id, until)
    projects, reason = await reader.similar_projects(project_id, threshold, until)
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
    """List the tasks completed in each sprint, with their trend and a forecast.

    Raises: `NotFound`; `Unavailable` without the chronicle.
    """
    # The first sprint of the project's forecast (docs/adr/0090-one-expectation.md).
    project = await reader.work(project_id)
    velocity, work = await reader.velocity(project_id, project.state.until), project.work
    if not work.is_known:
        missing = dict.fromkeys(("expected", "low", "high"), work.missing)
        return VelocityTrends(
            **velocity.model_dump(exclude={"reasons"}),
            reasons=velocity.reasons | missing,
            expected=None,
            low=None,
            high=None,
        )
    low, high = work.expectation.usual_range
    return VelocityTrends(
        **velocity.model_dump(),
        expected=work.expectation.planned.mean,
        low=low,
        high=high,
        expectation=work.expectation.velocity(),
    )
