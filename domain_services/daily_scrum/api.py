"""Routes of the daily-scrum service (section 4.3 of the specification), all but health deprecated.

Their successor is `POST /sprints/{sprint_id}/run-daily-scrum` of the sprint service.
"""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from domain_services.daily_scrum import schema
from domain_services.daily_scrum.logic import Simulator
from domain_services.daily_scrum.settings import DailyScrumSettings
from domain_services.kernel.errors import Problem
from domain_services.kernel.messaging.relay import Relay
from domain_services.kernel.types import SprintId
from domain_services.kernel.web.health import probe
from domain_services.kernel.web.idempotent_route import IdempotentRoute
from domain_services.kernel.web.openapi import problems

DEPRECATED_SINCE = date(2026, 11, 1)

router = APIRouter(route_class=IdempotentRoute)

_HEADERS: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {
            "Deprecation": {
                "description": "since when it is deprecated (RFC 9745): @ and Unix seconds",
                "schema": {"type": "string"},
            },
            "Sunset": {
                "description": "from when on it may be gone (RFC 8594): an HTTP date",
                "schema": {"type": "string"},
            },
            "Link": {
                "description": "the successor, with rel=successor-version",
                "schema": {"type": "string"},
            },
        }
    }
}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


async def _announce_deprecation(
    sprint_id: SprintId, request: Request, response: Response
) -> AsyncIterator[None]:
    """Add the deprecation headers to every answer, refusals included."""
    settings: DailyScrumSettings = request.app.state.settings
    successor = f"{settings.peers.sprint}/sprints/{sprint_id}/run-daily-scrum"
    headers = {
        "Deprecation": f"@{int(_midnight(DEPRECATED_SINCE).timestamp())}",
        "Sunset": format_datetime(_midnight(settings.daily_scrum_sunset), usegmt=True),
        "Link": f'<{successor}>; rel="successor-version"',
    }
    response.headers.update(headers)
    try:
        yield
    except Problem as problem:
        # The error handler builds a response of its own and knows only the problem's headers.
        problem.headers.update(headers)
        raise


async def _simulator(request: Request) -> Simulator:
    return request.app.state.simulator


async def _relay(request: Request) -> Relay:
    return request.app.state.relay


@router.get(
    "/health",
    responses={503: {"model": schema.Health, "description": "Redis does not answer"}},
    tags=["health"],
)
async def get_liveness(request: Request, response: Response) -> schema.Health:
    """Check that the process runs and Redis answers."""
    if await probe(request.app.state.checks.redis) == "ok":
        return schema.Health(status="ok", redis="connected")
    response.status_code = 503
    return schema.Health(status="error", redis="disconnected")


@router.post(
    "/scrums/{sprint_id}/run",
    deprecated=True,
    dependencies=[Depends(_announce_deprecation)],
    responses=_HEADERS | problems(404, 409, 500, 503),
    tags=["scrums"],
)
async def run_scrum(
    sprint_id: SprintId,
    simulator: Annotated[Simulator, Depends(_simulator)],
    relay: Annotated[Relay, Depends(_relay)],
) -> schema.ScrumRun:
    """Simulate the day of a sprint and publish its events, once a day of the project."""
    run = await simulator.run(sprint_id)
    # The day is stored without Redis too: its events wait in the outbox.
    if relay.trouble is None:
        return run
    return run.model_copy(update={"warnings": [relay.trouble]})
