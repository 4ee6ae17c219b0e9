"""Routes of replay: inputs of past decisions, and one decision by other numbers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime

from agent.bootstrap import Services
from agent.replay import schema
from domain_services.kernel.errors import NotFound
from domain_services.kernel.types import ProjectId
from domain_services.kernel.web.auth import VIEWER
from domain_services.kernel.web.openapi import problems
from graphs.changes import Changes
from graphs.inputs import from_document
from graphs.what_if import what_if
from memory import run_inputs

MOST_INPUTS = 100  # of a page: about 1 MB

router = APIRouter(prefix="/runs", tags=["runs"])


async def _services(request: Request) -> Services:
    return request.app.state.services


Wired = Annotated[Services, Depends(_services)]


@router.get("/inputs", responses=problems(503))
async def list_run_inputs(
    services: Wired,
    project_id: ProjectId | None = None,
    since: AwareDatetime | None = None,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_INPUTS)] = 50,
) -> schema.RunInputsPage:
    """List what decisions were made from, newest first; `before` is the last id of a page."""
    page = await run_inputs.read_page(
        services.pool, project_id=project_id, since=since, before=before, limit=limit
    )
    return schema.RunInputsPage(
        runs=[_inputs(stored) for stored in page],
        next_before=page[-1].run_id if len(page) == limit else None,
        first_at=await run_inputs.first_time(services.pool, project_id),
    )


@router.get("/{run_id}/inputs", responses=problems(404, 503))
async def get_run_inputs(run_id: UUID, services: Wired) -> schema.RunInputs:
    """Show what one decision was made from, and the outcome that is known by now."""
    return _inputs(await _read(services, run_id))


@router.post("/{run_id}/what-if", responses=problems(400, 404, 503), **VIEWER)
async def ask_what_if(
    run_id: UUID, body: schema.WhatIfRequest, services: Wired
) -> schema.WhatIfAnswer:
    """Say what to expect of a past decision's sprint by other numbers; nothing changes."""
    stored = await _read(services, run_id)
    changes = Changes.model_validate(body.model_dump(exclude={"tasks"}))
    answer = what_if(from_document(stored.inputs), changes, body.tasks)
    return schema.WhatIfAnswer(
        run_id=run_id,
        project_id=stored.project_id,
        tasks=answer.tasks,
        weeks=answer.weeks,
        before=answer.before,
        after=answer.after,
        notes=list(answer.notes),
    )


async def _read(services: Services, run_id: UUID) -> run_inputs.StoredInputs:
    stored = await run_inputs.read_one(services.pool, run_id)
    if stored is None:
        raise NotFound(
            f"no inputs of run {run_id} are stored: a decision before this release has none, and"
            " they are deleted after DSM_KEEP_INPUTS_DAYS; GET /runs/inputs lists those there are",
            run_id=str(run_id),
        )
    return stored


def _inputs(stored: run_inputs.StoredInputs) -> schema.RunInputs:
    outcome = None
    if stored.sprint_id is not None and stored.completed_tasks is not None:
        outcome = schema.KnownOutcome(
            sprint_id=stored.sprint_id,
            planned_tasks=stored.planned_tasks,
            completed_tasks=stored.completed_tasks,
        )
    return schema.RunInputs(
        run_id=stored.run_id,
        project_id=stored.project_id,
        decided_at=stored.decided_at,
        agent_version=stored.agent_version,
        status=stored.status,
        effect=stored.effect,
        outcome=outcome,
        inputs=stored.inputs,
    )
