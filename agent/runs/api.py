"""Routes of runs: a list of them, and what one was asked and how far it is."""

from typing import Annotated, get_args
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from agent import run_schema
from agent.bootstrap import Services
from agent.decision_schema import RunDecision
from agent.plan_schema import PlanOutcome
from agent.runs.decision_refusals import unknown_run
from agent.runs.details import details, with_times
from domain_services.kernel.types import ProjectId, UtcMoment
from domain_services.kernel.web.idempotent_route import IdempotentRoute
from domain_services.kernel.web.openapi import problems
from graphs.answer import Orchestration
from memory import run_inputs
from memory.episode_reads import read_states
from memory.run import RunKind, Status
from memory.run_comments import RunComments
from memory.run_list import RunFilter, read_page
from memory.run_steps import read_steps

MOST_RUNS = 200  # of a page

router = APIRouter(prefix="/runs", tags=["runs"])
# Repeated with its Idempotency-Key, a decision gets the answer of the first.
decision = APIRouter(prefix="/runs", tags=["runs"], route_class=IdempotentRoute)


async def _services(request: Request) -> Services:
    return request.app.state.services


@router.get("", responses=problems(503))
async def list_runs(
    services: Annotated[Services, Depends(_services)],
    project_id: ProjectId | None = None,
    status: Annotated[list[Status] | None, Query(max_length=len(get_args(Status)))] = None,
    kind: RunKind | None = None,
    since: UtcMoment | None = None,
    until: UtcMoment | None = None,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_RUNS)] = 50,
) -> run_schema.RunPage:
    """List runs, newest first; `before` is the last id of the page before.

    `status` may be given several times; `since` and `until` are about the start.
    """
    matching = RunFilter(project_id, status, kind, since, until)
    lines = await read_page(services.pool, matching, before=before, limit=limit + 1)
    page = lines[:limit]
    return run_schema.RunPage(
        runs=page,
        next_before=page[-1].run_id if len(lines) > limit else None,
    )


@router.get("/{run_id}", responses=problems(404, 503))
async def get_run(
    run_id: UUID, services: Annotated[Services, Depends(_services)]
) -> run_schema.RunDetails:
    """Show one run: status, times, request, steps, decision, and the answer or the error."""
    stored, pool = await services.reader.runs.get(run_id), services.pool
    if stored is None:
        raise unknown_run(run_id)
    comment = await RunComments(pool).read(run_id)
    state = (await read_states(pool, [run_id])).get(run_id)
    shown = details(
        stored,
        await read_steps(pool, run_id),
        comment,
        forgotten=state is not None and state.is_forgotten,
    )
    stored_at = await run_inputs.stored_at(pool, run_id)
    days = services.retention.days
    return with_times(shown, stored_at, days("runs"), days("run_inputs"))


@decision.post(
    "/{run_id}/decision",
    response_model=Orchestration | PlanOutcome,
    responses=problems(400, 404, 409, 500, 503),
)
async def decide_run(
    run_id: UUID,
    body: RunDecision,
    services: Annotated[Services, Depends(_services)],
    request: Request,
) -> BaseModel:
    """Approve, edit or reject the plan of a run that waits, each call by its step.

    One answer holds. An approved plan is carried out at once; what was refused is in the answer.
    """
    return await services.decisions.decide(run_id, body, request.scope["dsm.identity"].name)
