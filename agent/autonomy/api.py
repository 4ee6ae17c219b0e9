"""Routes of autonomy and pause."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from agent.autonomy import schema
from agent.bootstrap import Services
from domain_services.kernel.errors import Forbidden
from domain_services.kernel.types import ProjectId
from domain_services.kernel.web.auth import Identity
from domain_services.kernel.web.idempotent_route import IdempotentRoute
from domain_services.kernel.web.openapi import problems

of_project = APIRouter(
    prefix="/orchestrate/project/{project_id}/autonomy",
    tags=["autonomy"],
    route_class=IdempotentRoute,
)
pause = APIRouter(prefix="/orchestrate/pause", tags=["autonomy"], route_class=IdempotentRoute)


async def _services(request: Request) -> Services:
    return request.app.state.services


Wired = Annotated[Services, Depends(_services)]


@of_project.get("", responses=problems(404, 503))
async def get_autonomy(project_id: ProjectId, services: Wired) -> schema.Autonomy:
    """Show how far the project acts without a person, and who changed that when."""
    await services.reader.exists(project_id)
    return await services.autonomies.read(project_id)


@of_project.post("", responses=problems(400, 404, 503))
async def change_autonomy(
    project_id: ProjectId, body: schema.AutonomyChange, services: Wired, request: Request
) -> schema.Autonomy:
    """Change the autonomy from the next run on; every change is stored as a version."""
    await services.reader.exists(project_id)
    return await services.autonomies.change(project_id, body, request.scope["dsm.identity"].name)


@pause.get("", responses=problems(503))
async def list_pauses(services: Wired) -> schema.Pauses:
    """List the pauses that are in force."""
    return await services.pause_switch.in_force()


@pause.post("", responses=problems(400, 403, 404, 503))
async def begin_pause(body: schema.PauseRequest, services: Wired, request: Request) -> schema.Pause:
    """Pause a project, or all: plans wait, and no call is made by itself until the pause ends.

    A pause that is in force already is answered as it is.
    """
    identity = await _allowed(body.project_id, services, request)
    return await services.pause_switch.pause(body.project_id, body.reason, identity.name)


@pause.delete("", responses=problems(400, 403, 404, 503))
async def end_pause(
    services: Wired, request: Request, project_id: ProjectId | None = None
) -> schema.PauseEnded:
    """End the pause of a project, or without `project_id` that of all; stopped runs go on."""
    identity = await _allowed(project_id, services, request)
    return await services.pause_switch.end(project_id, identity.name)


async def _allowed(project_id: str | None, services: Services, request: Request) -> Identity:
    """Return the caller. Raises: `Forbidden` when all projects are meant; `NotFound`."""
    identity: Identity = request.scope["dsm.identity"]
    if project_id is not None:
        await services.reader.exists(project_id)
    elif identity.role != "admin":
        raise Forbidden(
            "the pause of all projects needs an admin key; pause one project by its project_id"
        )
    return identity
