"""All that a decision asks of a project's history, in one answer."""

from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.logic import impediments, patterns, projects, similarity, velocity
from domain_services.chronicle.schema import ProjectEvidence, SimilarProject
from domain_services.kernel.errors import NotFound


async def gather(
    connection: AsyncConnection, project_id: str, sprints: int, threshold: float, similar: int
) -> ProjectEvidence:
    """The newest `sprints` and at most `similar` projects of at least `threshold` (0..1).

    Raises: `NotFound` when nothing is recorded of the project.
    """
    measured = await velocity.measure(connection, project_id, sprints)
    if not measured.sprint_count:
        await projects.require(connection, project_id)
    reasons: dict[str, str] = {}
    alike: list[SimilarProject] = []
    try:
        alike = await similarity.find(connection, project_id, threshold, similar)
    except NotFound as nothing:
        reasons["similar_projects"] = nothing.detail
    return ProjectEvidence(
        project_id=project_id,
        velocity=measured,
        patterns=await patterns.find(connection, project_id),
        impediments=await impediments.count(connection, project_id),
        similar_projects=alike,
        reasons=reasons,
    )
