"""Routes that report what is known, expected and learned; none of them decides or acts."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse

from agent.bootstrap import Services
from agent.intelligence import decisions, forecast, patterns, project_insights, schema, similar
from agent.intelligence.forecast_schema import ProjectForecast
from agent.intelligence.reader import ProjectReader
from agent.learning.learner import Learner
from agent.learning.schema import Learned, LearningHistory, Rollback
from domain_services.kernel.errors import Problem
from domain_services.kernel.types import ProjectId
from domain_services.kernel.web.auth import ADMIN
from domain_services.kernel.web.idempotent_route import IdempotentRoute
from domain_services.kernel.web.openapi import problems

router = APIRouter(
    prefix="/orchestrate/intelligence", tags=["intelligence"], route_class=IdempotentRoute
)

DEFAULT_THRESHOLD = "0.7"


class BadThreshold(Problem):
    """A similarity threshold outside 0 to 1."""

    # Other invalid input is answered with 400; the specification asks for 422 here.
    status = 422
    code = "bad_threshold"
    title = "Invalid input"


def _services(request: Request) -> Services:
    return request.app.state.services


def _reader(request: Request) -> ProjectReader:
    return _services(request).reader


def _learner(request: Request) -> Learner:
    return _services(request).learner


def _caller(request: Request) -> str:
    return request.scope["dsm.identity"].name


def _threshold(
    similarity_threshold: Annotated[
        str, Query(description="least similarity, a number from 0 to 1", examples=["0.7"])
    ] = DEFAULT_THRESHOLD,
) -> float:
    # Read as text, so that a word is answered with 422 too and not with 400.
    try:
        value = float(similarity_threshold)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise BadThreshold("similarity_threshold must be a number from 0 to 1")
    return value


Reader = Annotated[ProjectReader, Depends(_reader)]
Learning = Annotated[Learner, Depends(_learner)]
Caller = Annotated[str, Depends(_caller)]


@router.get("/data-quality/{project_id}", responses=problems(404, 503))
async def get_data_quality(project_id: ProjectId, reader: Reader) -> schema.DataQuality:
    """Rate the data that decisions rest on, and recommend what to add."""
    return await project_insights.data_quality(reader, project_id)


@router.get("/decision-impact/{project_id}", responses=problems(404, 503))
async def get_decision_impact(project_id: ProjectId, reader: Reader) -> schema.DecisionImpact:
    """Compare enhanced decisions with rule-based ones by how their sprints ended."""
    return await decisions.decision_impact(reader, project_id)


@router.get("/decision-audit/{project_id}", responses=problems(404, 503))
async def get_decision_audit(project_id: ProjectId, reader: Reader) -> schema.DecisionAuditTrail:
    """List the newest 1,000 decisions, oldest first, as the chronicle's chain holds them."""
    return await decisions.decision_audit(reader, project_id)


@router.get("/patterns/similar-projects/{project_id}", responses=problems(404, 422, 503))
async def list_similar_projects(
    project_id: ProjectId, reader: Reader, threshold: Annotated[float, Depends(_threshold)]
) -> schema.SimilarProjectsAnalysis:
    """List projects with a similar history; an empty list comes with its reason."""
    return await patterns.similar_projects(reader, project_id, threshold)


@router.get("/patterns/velocity-trends/{project_id}", responses=problems(404, 503))
async def get_velocity_trends(project_id: ProjectId, reader: Reader) -> schema.VelocityTrends:
    """List completed tasks by sprint, the trend with its error, and a forecast of one sprint."""
    return await patterns.velocity_trends(reader, project_id)


@router.get("/project/{project_id}/insights", responses=problems(404, 503))
async def get_insights(project_id: ProjectId, reader: Reader) -> schema.ProjectInsights:
    """Describe history, similar projects and risks of a project, without an orchestration."""
    return await project_insights.describe(reader, project_id)


@router.get("/project/{project_id}/similar-episodes", responses=problems(404, 503))
async def similar_episodes(
    project_id: ProjectId,
    reader: Reader,
    limit: Annotated[int, Query(ge=1, le=100, description="most episodes of the answer")] = 15,
) -> schema.SimilarEpisodes:
    """Find past decisions in a state like the project's present one, with their outcomes."""
    return await similar.similar_episodes(reader, project_id, limit)


@router.get("/project/{project_id}/forecast", responses=problems(404, 503))
async def get_forecast(
    project_id: ProjectId,
    reader: Reader,
    sprints: Annotated[int, Query(ge=1, le=26, description="sprints ahead")] = 3,
    tasks: Annotated[
        int | None,
        Query(ge=1, le=10_000, description="tasks to be done; by default all that are open"),
    ] = None,
    weeks: Annotated[
        int, Query(ge=1, le=8, description="weeks of a sprint when none is in progress")
    ] = 2,
) -> ProjectForecast:
    """Forecast how many tasks several sprints complete, and when a number of tasks is done."""
    return await forecast.project_forecast(reader, project_id, sprints, tasks, weeks)


@router.get(
    "/models/health",
    response_model=schema.ModelsHealth,
    responses={503: {"model": schema.ModelsHealth, "description": "Intelligence is degraded"}},
)
async def get_models_health(request: Request) -> JSONResponse:
    """Report the calibration in force and its age, the embedding backlog, caches and peers."""
    report = await _services(request).intelligence_health.report()
    # 503 with a body: a monitor needs no parser, and a person reads the problems.
    status = 200 if report.intelligence_status == "healthy" else 503
    return JSONResponse(report.model_dump(mode="json"), status_code=status)


@router.get("/learning", responses=problems(503))
async def get_learning(learner: Learning) -> LearningHistory:
    """Show the calibration in force, and every attempt with the scores that decided on it."""
    return await learner.history()


@router.post("/learn", responses=problems(503))
async def learn(learner: Learning, caller: Caller) -> Learned:
    """Learn from ended sprints now; a worse calibration is refused, with the reason."""
    return await learner.learn(caller)


@router.post("/learn/rollback", responses=problems(404, 503), **ADMIN)
async def roll_back_calibration(
    body: Rollback, learner: Learning, caller: Caller
) -> LearningHistory:
    """Put an earlier calibration in force again; 0 is the one that comes with the software."""
    return await learner.roll_back(body, caller)
