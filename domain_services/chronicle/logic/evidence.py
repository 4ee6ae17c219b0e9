"""Evidence for a decision: velocity, patterns, impediments and similar projects in one answer."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.logic import impediments, patterns, projects, similarity, velocity
from domain_services.chronicle.schema import ProjectEvidence, SimilarProject
from domain_services.kernel.errors import NotFound


async def gather(
    connection: AsyncConnection,
    project_id: str,
    sprints: int,
    threshold: float,
    similar: int,
    until: date | None = None,
) -> ProjectEvidence:
    """Gather the newest `sprints`, and at most `similar` projects of `threshold` (0..1) or more.

    `until` leaves out what ended on that day or later, in every project. Raises: `NotFound` when
    nothing is recorded of the project.
    """
    # A project with closed sprints is known: the usual case costs no query to find that out.
    project_velocity = await velocity.measure(connection, project_id, sprints, until)
    if not project_velocity.sprint_count:
        await projects.require(connection, project_id)
    reasons: dict[str, str] = {}
    similar_projects: list[SimilarProject] = []
    try:
        similar_projects = await similarity.find(connection, project_id, threshold, similar, until)
    # Too few sprints to compare is an answer: the other evidence stands without it.
    except NotFound as error:
        reasons["similar_projects"] = error.detail
    return ProjectEvidence(
        project_id=project_id,
        velocity=project_velocity,
        patterns=await patterns.find(connection, project_id, until),
        impediments=await impediments.count(connection, project_id, until),
        similar_projects=similar_projects,
        reasons=reasons,
    )
