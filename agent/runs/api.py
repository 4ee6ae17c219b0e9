"""Routes of runs: what an orchestration was asked, and how far it is."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from agent import schema
from agent.bootstrap import Services
from agent.runs.details import details
from domain_services.kernel.errors import NotFound
from domain_services.kernel.web.openapi import problems

router = APIRouter(prefix="/runs", tags=["runs"])


async def _services(request: Request) -> Services:
    return request.app.state.services


@router.get("/{run_id}", responses=problems(404, 503))
async def run(run_id: UUID, services: Annotated[Services, Depends(_services)]) -> schema.RunDetails:
    """Show one run: status, times, request, decision, and the answer or the error."""
    stored = await services.reader.runs.get(run_id)
    if stored is None:
        raise NotFound(
            f"there is no run {run_id}; a dry run that was not recorded has none",
            run_id=str(run_id),
        )
    return details(stored)
