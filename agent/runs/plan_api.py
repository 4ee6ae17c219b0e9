"""Routes that open waiting runs without a decision: undo a run, ask for one call."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from agent.bootstrap import Services
from agent.plan_schema import CallRequest, PlanOutcome, UndoRequest
from domain_services.kernel.web.idempotent_route import IdempotentRoute
from domain_services.kernel.web.openapi import problems

router = APIRouter(prefix="/runs", tags=["runs"], route_class=IdempotentRoute)


async def _services(request: Request) -> Services:
    return request.app.state.services


Wired = Annotated[Services, Depends(_services)]


@router.post("/requests", status_code=202, responses=problems(400, 404, 409, 503))
async def request_call(body: CallRequest, services: Wired, request: Request) -> PlanOutcome:
    """Ask for one call, which is made when a person approves it at `approval.decide_url`."""
    return await services.asking.call(body, request.scope["dsm.identity"].name)


@router.post("/{run_id}/undo", status_code=202, responses=problems(400, 404, 409, 503))
async def undo_run(
    run_id: UUID, services: Wired, request: Request, body: UndoRequest | None = None
) -> PlanOutcome:
    """Plan the calls that take a finished run back; they wait for a person's approval.

    `stays` names what of the run cannot be taken back. 409: nothing can be, or it is undone.
    """
    by = request.scope["dsm.identity"].name
    return await services.asking.undo(run_id, body or UndoRequest(), by)
