"""Routes of schedules: of one project, and of the whole installation."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from agent.bootstrap import Services
from agent.jobs.firings import Firings
from agent.schedules import schema
from agent.schedules.schedules import Schedules
from domain_services.kernel.types import ProjectId
from domain_services.kernel.web.auth import ADMIN
from domain_services.kernel.web.idempotent_route import IdempotentRoute
from domain_services.kernel.web.openapi import problems

of_project = APIRouter(
    prefix="/orchestrate/project/{project_id}/schedules",
    tags=["schedules"],
    route_class=IdempotentRoute,
)
of_all = APIRouter(prefix="/orchestrate/schedules", tags=["schedules"], route_class=IdempotentRoute)


async def _schedules(request: Request) -> Schedules:
    services: Services = request.app.state.services
    return services.schedules


async def _firings(request: Request) -> Firings:
    services: Services = request.app.state.services
    return services.firings


ScheduleName = Annotated[str, Path(examples=["run-orchestrate-p1"])]
OwnName = Annotated[str, Path(examples=["run-learn"])]
Wired = Annotated[Schedules, Depends(_schedules)]


@of_project.get("", responses=problems(404, 503))
async def list_schedules(project_id: ProjectId, schedules: Wired) -> list[schema.ScheduledJob]:
    """List what runs by itself for a project, when, and with which result."""
    return await schedules.of_project(project_id)


@of_project.post("", status_code=201, responses=problems(400, 404, 409, 422, 503))
async def add_schedule(
    project_id: ProjectId, body: schema.ScheduleCreate, schedules: Wired, request: Request
) -> schema.ScheduledJob:
    """Add a schedule: decide on the project, or hold the daily scrum of its running sprint."""
    return await schedules.add(project_id, body, request.scope["dsm.identity"].name)


@of_project.get("/{name}", responses=problems(404, 503))
async def get_schedule(
    project_id: ProjectId, name: ScheduleName, schedules: Wired
) -> schema.ScheduledJob:
    """Show one schedule of a project."""
    return await schedules.get(project_id, name)


@of_project.patch("/{name}", responses=problems(400, 404, 422, 503))
async def change_schedule(
    project_id: ProjectId,
    name: ScheduleName,
    body: schema.ScheduleChange,
    schedules: Wired,
    request: Request,
) -> schema.ScheduledJob:
    """Change the time of a schedule, pause it or resume it."""
    return await schedules.change(project_id, name, body, request.scope["dsm.identity"].name)


@of_project.delete("/{name}", responses=problems(404, 503))
async def delete_schedule(
    project_id: ProjectId, name: ScheduleName, schedules: Wired, request: Request
) -> schema.ScheduleDeleted:
    """Delete a schedule; a sprint whose daily scrum was deleted gets no other one by itself."""
    effect = await schedules.delete(project_id, name, request.scope["dsm.identity"].name)
    return schema.ScheduleDeleted(message=f"Schedule {name} deleted: {effect}", name=name)


@of_all.get("", responses=problems(503))
async def list_all_schedules(schedules: Wired) -> list[schema.ScheduledJob]:
    """List all schedules: the installation's own, then those of all projects."""
    return await schedules.all()


@of_all.get("/{name}", responses=problems(404, 503))
async def find_schedule(name: ScheduleName, schedules: Wired) -> schema.ScheduledJob:
    """Show the schedule of a name, whoever it belongs to."""
    return await schedules.find(name)


@of_all.post("/{name}/firings", responses=problems(400, 404, 409, 503))
async def fire_schedule(
    name: ScheduleName,
    firings: Annotated[Firings, Depends(_firings)],
    body: schema.ScheduleFiring | None = None,
) -> schema.ScheduleFired:
    """Do the work of a schedule that was due at a time, now by default.

    Each due time is done once; 409 while it is being done. A paused schedule does nothing.
    """
    return await firings.fire(name, body.due_at if body else None)


@of_all.patch("/{name}", responses=problems(400, 404, 422, 503), **ADMIN)
async def change_installation_schedule(
    name: OwnName, body: schema.ScheduleChange, schedules: Wired, request: Request
) -> schema.ScheduledJob:
    """Change the time of one of the installation's own jobs, pause it or resume it."""
    return await schedules.change_installation(name, body, request.scope["dsm.identity"].name)
