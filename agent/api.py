"""Routes of the orchestrator: decide, report status, switch modes, delete a schedule."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import JSONResponse, Response

from agent import schema
from agent.bootstrap import Services
from agent.intelligence.status import project_status
from agent.runs.orchestrator import Repeated
from agent.runs.streaming import STREAMED, stream_answer, stream_decision
from domain_services.kernel.telemetry import Metrics
from domain_services.kernel.types import ProjectId
from domain_services.kernel.web.event_stream import wants_events
from domain_services.kernel.web.idempotent_route import (
    DESCRIPTION,
    HEADER,
    PATTERN,
    REPLAYED,
    IdempotentRoute,
    identify,
)
from domain_services.kernel.web.openapi import problems
from graphs.answer import Orchestration
from graphs.approval import RunOutcome
from memory import earlier_keys
from memory.run import RequestKey

caller_router = APIRouter(tags=["orchestration"])


@caller_router.get("/caller")
async def get_caller(request: Request) -> schema.Caller:
    """Show name and role of the key that the request was sent with."""
    identity = request.scope["dsm.identity"]
    return schema.Caller(name=identity.name, role=identity.role)


router = APIRouter(
    prefix="/orchestrate/project/{project_id}", tags=["orchestration"], route_class=IdempotentRoute
)


PREVIEW = schema.OrchestrationRequest(dry_run=True, record=False)


async def _services(request: Request) -> Services:
    return request.app.state.services


Wired = Annotated[Services, Depends(_services)]


# Declared here, so that the run table and not the table of keys finds the earlier request: its run
# may be unfinished, and is recovered (docs/adr/0127-tries-and-keys-of-runs.md).
Key = Annotated[
    str | None,
    Header(alias=HEADER, pattern=PATTERN, description=DESCRIPTION),
]


WAITING: dict[int | str, dict[str, Any]] = {
    202: {"model": Orchestration, "description": "The plan waits for a person"}
}


@router.post(
    "",
    response_model=Orchestration,
    responses=STREAMED | WAITING | problems(404, 409, 500, 503),
)
async def orchestrate(
    project_id: ProjectId,
    services: Wired,
    request: Request,
    response: Response,
    body: schema.OrchestrationRequest | None = None,
    key: Key = None,
) -> Orchestration | Response:
    """Analyse the project, decide, let evidence adjust the decision, act, and report all of it.

    With `Accept: text/event-stream` the answer is a stream: `run`, a `step` for each node, a `call`
    before and after each call, then `answer` or `error`. A reader that leaves cancels nothing.
    202: the plan waits for a person, who answers it at `approval.decide_url`.
    """
    caller = request.scope["dsm.identity"].name
    decide = partial(
        services.orchestrator.orchestrate,
        project_id,
        body or schema.OrchestrationRequest(),
        None if key is None else await _request_key(caller, key, request),
        by=caller,
    )
    try:
        if wants_events(request):
            return await stream_decision(decide)
        answer = await decide()
        response.status_code = status_of(answer.status)
        return answer
    except Repeated as earlier:
        metrics: Metrics = request.app.state.metrics
        metrics.replays.labels(request.scope["route"].path_format).inc()
        headers = {REPLAYED: "true"}
        if wants_events(request):
            return await stream_answer(earlier.answer, headers)
        status = status_of(earlier.answer.get("status", "done"))
        return JSONResponse(earlier.answer, status, headers=headers)


def status_of(outcome: RunOutcome) -> int:
    """Return the HTTP status of an answer: 202 while the run waits for a person."""
    return 202 if outcome == "waiting" else 200


async def _request_key(caller: str, key: str, request: Request) -> RequestKey:
    earlier = await identify(earlier_keys.ROUTE, key, request)
    return RequestKey(caller, key, earlier.request_hash)


@router.get("/preview", responses=problems(404, 503))
async def preview_decision(project_id: ProjectId, services: Wired) -> Orchestration:
    """Decide without acting: the plan, its reasons and expectation; nothing is left behind."""
    return await services.orchestrator.orchestrate(project_id, PREVIEW)


@router.get("/status", responses=problems(404, 503))
async def get_project_status(project_id: ProjectId, services: Wired) -> schema.ProjectStatus:
    """Describe the project as it is now, its trends, and the risks of its sprint."""
    return await project_status(services.reader, project_id)


@router.delete("/cronjob/{cronjob_name}", responses=problems(404, 503))
async def delete_cronjob(
    project_id: ProjectId, cronjob_name: str, services: Wired, request: Request
) -> schema.CronJobDeleted:
    """Delete one schedule of this project; another project's is not found."""
    await services.schedules.delete(project_id, cronjob_name, request.scope["dsm.identity"].name)
    message = f"CronJob {cronjob_name} deleted successfully"
    return schema.CronJobDeleted(message=message, cronjob_name=cronjob_name)


@router.get("/decision-mode", responses=problems(404, 503))
async def get_decision_mode(project_id: ProjectId, services: Wired) -> schema.DecisionMode:
    """Show how far intelligence may adjust decisions here, and who changed it when."""
    await services.reader.exists(project_id)
    return await services.modes.read(project_id)


@router.post("/decision-mode", responses=problems(400, 404, 503))
async def change_decision_mode(
    project_id: ProjectId, body: schema.DecisionModeChange, services: Wired, request: Request
) -> schema.DecisionMode:
    """Switch the mode from the next run on; every change is stored as a version."""
    await services.reader.exists(project_id)
    return await services.modes.change(project_id, body, request.scope["dsm.identity"].name)
