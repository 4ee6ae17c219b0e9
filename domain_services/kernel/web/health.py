"""Routes for liveness and readiness, in the specification's shapes."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.datastructures import State

from domain_services.kernel.background import Background
from domain_services.kernel.database.database import Database
from domain_services.kernel.errors import Unavailable
from domain_services.kernel.types import Liveness, utc_now
from domain_services.kernel.web import attention
from domain_services.kernel.web.draining import Draining
from domain_services.kernel.web.shared import shared

logger = structlog.get_logger()

Check = Callable[[], Awaitable[object]]
CHECK_SECONDS = 2.0


@dataclass(frozen=True)
class Checks:
    """Checks that a service must pass to be ready."""

    database: Check | None = None
    """None for a service without a database."""
    redis: Check | None = None
    """None for a service that neither sends nor consumes events."""
    # A peer is asked for its /health: one dead database would take every service out otherwise.
    external_apis: Mapping[str, Check] = field(default_factory=dict[str, Check])
    """Checks of peers by name."""


async def failure_of(check: Check) -> Exception | None:
    """Run a check; return its failure, or None when it passes in time."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except TimeoutError:
        failure: Exception = Unavailable(f"no answer within {CHECK_SECONDS:g} s")
    except Exception as error:
        failure = error
    else:
        return None
    logger.warning("readiness.check_failed", error=f"{type(failure).__name__}: {failure}")
    return failure


async def probe(check: Check) -> Literal["ok", "error"]:
    """Run a check; "ok" when it passes in time."""
    return "ok" if await failure_of(check) is None else "error"


async def readiness(service: str, state: State) -> tuple[bool, dict[str, object]]:
    """Run every check of an app at once; return whether it is ready, and the body of the answer.

    The body names the background loops that are in trouble, and only those. A failing loop does
    not make the service unready: an outage of Redis delays events, requests are answered. A
    stopped loop does: only a restart brings it back. So does a database that takes no writes.
    """
    checks: Checks = state.checks
    background: Background = state.background
    own = {"database": _database_check(state), "redis": checks.redis}
    named = [(name, check) for name, check in own.items() if check is not None]
    peers = list(checks.external_apis.items())
    failures = await asyncio.gather(*(failure_of(check) for _, check in [*named, *peers]))
    words = ["ok" if failure is None else "error" for failure in failures]
    body: dict[str, object] = {name: word for (name, _), word in zip(named, words, strict=False)}
    if peers:
        body["external_apis"] = {
            name: word for (name, _), word in zip(peers, words[len(named) :], strict=True)
        }
    troubled = background.troubled()
    if troubled:
        body["background"] = troubled
    ready = set(words) <= {"ok"} and "stopped" not in troubled.values()
    broken = {name: failure for (name, _), failure in zip(named, failures, strict=False) if failure}
    sentences = await attention.collect(service, state, broken)
    if sentences:
        body["attention"] = sentences
    head = {"service": service, "status": "ready" if ready else "not_ready"}
    return ready, head | body | {"timestamp": utc_now().isoformat()}


def _database_check(state: State) -> Check | None:
    """Return the check of the app's database, with a write; None for an app that names none."""
    check: Check | None = state.checks.database
    database: Database | None = getattr(state, "database", None)
    return check if check is None or database is None else database.check_writing


def liveness_router() -> APIRouter:
    """Make the route GET /health."""
    router = APIRouter(tags=["health"])

    @router.get("/health")
    async def get_liveness() -> Liveness:
        """Answer while the process runs."""
        return Liveness()

    return router


def readiness_router(service: str) -> APIRouter:
    """Make the route GET /health/ready; the checks are in `app.state.checks`."""
    router = APIRouter(tags=["health"])

    @router.get("/health/ready", responses={503: {"description": "A dependency does not answer"}})
    async def get_readiness(request: Request) -> JSONResponse:
        """Answer 200 when every dependency answers, else 503 with the one that does not."""
        state = request.app.state
        passed, body = await shared(state, "readiness", lambda: readiness(service, state))
        return JSONResponse(body, status_code=200 if passed else 503)

    return router


class Serving(BaseModel):
    """Answer of /health/serving."""

    status: Literal["serving", "not_serving"] = Field(description="whether to send requests here")
    reason: Literal["draining", "database"] | None = Field(
        default=None, description="reason not to; absent while serving"
    )


def serving_router() -> APIRouter:
    """Make the route GET /health/serving, for a balancer or a kubelet."""
    router = APIRouter(tags=["health"])

    @router.get(
        "/health/serving",
        response_model_exclude_none=True,
        responses={503: {"model": Serving, "description": "Send requests elsewhere"}},
    )
    async def get_serving(request: Request, response: Response) -> Serving:
        """Answer 200 unless the process leaves or its own database does not answer.

        Peers and Redis are not asked: one dead dependency would take every service out.
        """
        state = request.app.state
        draining: Draining = state.draining
        checks: Checks = state.checks
        reason: Literal["draining", "database"] | None = None
        if draining.begun:
            reason = "draining"
        elif (check := checks.database) is not None and await shared(
            state, "serving", lambda: probe(check)
        ) != "ok":
            reason = "database"
        if reason is None:
            return Serving(status="serving")
        response.status_code = 503
        return Serving(status="not_serving", reason=reason)

    return router
