"""Route that moves a project's clock."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from agent.bootstrap import Services
from agent.clock.mover import ClockMover
from agent.clock.schema import ClockMoved, ClockMoveRequest
from domain_services.kernel.types import ProjectId
from domain_services.kernel.web.idempotent_route import IdempotentRoute
from domain_services.kernel.web.openapi import problems

router = APIRouter(
    prefix="/orchestrate/project/{project_id}/clock", tags=["clock"], route_class=IdempotentRoute
)


async def _mover(request: Request) -> ClockMover:
    services: Services = request.app.state.services
    return services.clock_mover


@router.post("", responses=problems(400, 404, 409, 422, 503))
async def move_clock(
    project_id: ProjectId,
    body: ClockMoveRequest,
    mover: Annotated[ClockMover, Depends(_mover)],
) -> ClockMoved:
    """Move a held project to a later day, or let it follow the clock.

    The daily scrums that are due on the way are held, and a sprint that ends is closed. A move
    that broke off is completed by the same request.
    """
    return await mover.move(project_id, body)
