"""Routes of runs: a list of them, and what one was asked and how far it is."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from agent import schema
from agent.bootstrap import Services
from agent.runs.details import details
from domain_services.kernel.errors import NotFound
from domain_services.kernel.types import ProjectId
from domain_services.kernel.web.openapi import problems
from memory.run import Status
from memory.run_list import read_page
from memory.run_steps import read_steps

MOST_RUNS = 200  # of a page

router = APIRouter(prefix="/runs", tags=["runs"])


async def _services(request: Request) -> Services:
    return request.app.state.services


@router.get("", responses=problems(503))
async def runs(
    services: Annotated[Services, Depends(_services)],
    project_id: ProjectId | None = None,
    status: Status | None = None,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_RUNS)] = 50,
) -> schema.RunPage:
    """List runs, newest first; `before` is the last id of the page before."""
    page = await read_page(
        services.pool, project_id=project_id, status=status, before=before, limit=limit
    )
    return schema.RunPage(
        runs=[schema.RunSummary.model_validate(asdict(line)) for line in page],
        next_before=page[-1].run_id if len(page) == limit else None,
    )


@router.get("/{run_id}", responses=problems(404, 503))
async def run(run_id: UUID, services: Annotated[Services, Depends(_services)]) -> schema.RunDetails:
    """Show one run: status, times, request, steps, decision, and the answer or the error."""
    stored = await services.reader.runs.get(run_id)
    if stored is None:
        raise NotFound(
            f"there is no run {run_id}; a dry run that was not recorded has none",
            run_id=str(run_id),
        )
    return details(stored, await read_steps(services.pool, run_id))
