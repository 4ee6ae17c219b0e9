"""Routes of the chronicle's analytics (section 5.3 of the specification)."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from domain_services.chronicle import schema
from domain_services.chronicle.logic import (
    evidence,
    impact,
    impediments,
    patterns,
    projects,
    similarity,
    summary,
    velocity,
)
from domain_services.chronicle.values import Day
from domain_services.kernel.database.database import Reading
from domain_services.kernel.types import ProjectId, utc_now
from domain_services.kernel.web.openapi import problems

router = APIRouter(prefix="/v1/analytics", tags=["analytics"], responses=problems(404))

Threshold = Annotated[float, Query(ge=0, le=1, allow_inf_nan=False, description="least similarity")]
Newest = Annotated[int, Query(ge=1, le=1000)]
Until = Annotated[
    Day | None, Query(description="leave out what ended on this day or later; null: nothing")
]


@router.get("/metrics/summary")
async def get_metrics_summary(db: Reading) -> schema.MetricsSummary:
    """Count over all projects."""
    return await summary.summarise(db)


@router.get("/project/{project_id}/patterns")
async def get_patterns(
    project_id: ProjectId, db: Reading, until: Until = None
) -> schema.ProjectPatterns:
    """Find recurring facts of a project."""
    await projects.require(db, project_id)
    return await patterns.find(db, project_id, until)


@router.get("/project/{project_id}/velocity")
async def get_velocity(
    project_id: ProjectId, db: Reading, until: Until = None
) -> schema.ProjectVelocity:
    """Measure finished tasks per worked sprint, their mean and their trend."""
    await projects.require(db, project_id)
    return await velocity.measure(db, project_id, until=until)


@router.get("/project/{project_id}/impediments")
async def get_impediments(project_id: ProjectId, db: Reading) -> schema.ProjectImpediments:
    """Count impediments, and the action items to remove them by status."""
    await projects.require(db, project_id)
    return await impediments.count(db, project_id)


# One request a decision instead of four (docs/adr/0010-one-evidence-request.md).
@router.get("/project/{project_id}/evidence", response_model=schema.ProjectEvidence)
async def get_evidence(
    project_id: ProjectId,
    db: Reading,
    sprints: Annotated[Newest, Query(description="most past sprints")] = 24,
    similarity_threshold: Threshold = 0.7,
    similar_projects: Annotated[Newest, Query(description="most similar projects")] = 10,
    until: Until = None,
) -> Response:
    """Gather velocity, patterns, impediments and similar projects in one answer."""
    answer = await evidence.gather(
        db, project_id, sprints, similarity_threshold, similar_projects, until
    )
    # Written here, not again by the framework: every decision waits for this answer.
    return Response(answer.model_dump_json(), media_type="application/json")


@router.get("/projects/similar")
async def list_similar_projects(
    reference_project_id: ProjectId,
    db: Reading,
    similarity_threshold: Threshold = 0.7,
    until: Until = None,
) -> list[schema.SimilarProject]:
    """List projects with a history like the reference's, the most similar first."""
    await projects.require(db, reference_project_id)
    return await similarity.find(db, reference_project_id, similarity_threshold, until=until)


@router.get("/decisions/impact/{project_id}")
async def get_decision_impact(
    project_id: ProjectId,
    db: Reading,
    start_date: Day | None = None,
    end_date: Day | None = None,
) -> schema.DecisionImpact:
    """Compare the outcomes of enhanced and of rule-based decisions."""
    await projects.require(db, project_id)
    return await impact.assess(db, project_id, impact.period(start_date, end_date, utc_now()))
