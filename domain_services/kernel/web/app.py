"""Builder of a service's FastAPI app: edge, errors, health, metrics, routes."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import psycopg
import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route

from domain_services.kernel import context
from domain_services.kernel.background import Background
from domain_services.kernel.database.failures import unavailable
from domain_services.kernel.database.retention import Retention
from domain_services.kernel.errors import Invalid, Problem, document
from domain_services.kernel.settings import KernelSettings
from domain_services.kernel.telemetry import Metrics
from domain_services.kernel.tracing import Tracer, open_tracer
from domain_services.kernel.web import docs
from domain_services.kernel.web.auth import KeyRing, Permissions
from domain_services.kernel.web.diagnosis import diagnosis_router
from domain_services.kernel.web.draining import Draining
from domain_services.kernel.web.edge import Edge
from domain_services.kernel.web.health import (
    Checks,
    liveness_router,
    readiness_router,
    serving_router,
)
from domain_services.kernel.web.metrics import StateCollector
from domain_services.kernel.web.openapi import MEDIA_TYPE, Examples, complete
from domain_services.kernel.web.refusals import Refusals
from domain_services.kernel.web.scrape import metrics_router
from domain_services.kernel.web.streamed_body import StreamedRoutes

logger = structlog.get_logger()

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
LAST_SECONDS = 2.0
_MAX_ERRORS = 1000
_MAX_FIELD_CHARACTERS = 200


class MissingSecret(RuntimeError):
    """Refusal to start a service without any API key to check callers against."""


def build_app(
    service: str,
    settings: KernelSettings,
    routers: Iterable[APIRouter],
    *,
    lifespan: Lifespan,
    validation_status: int,
    examples: Examples | None = None,
) -> FastAPI:
    """Build the app named `service`.

    `lifespan` opens stores and clients into `app.state` and sets `app.state.checks`;
    `validation_status` is the status of invalid input (400 or 422, by service); `examples` are
    shown at /docs. /health, /health/ready, /health/serving and /metrics are the kernel's, except
    those that a router brings.
    Raises: `MissingSecret` without any API key.
    """
    if not settings.auth.keys:
        raise MissingSecret(f"{service}: no API key is set; set DSM_AUTH__KEYS")
    metrics = Metrics()
    tracer = open_tracer(service)
    # The pages of FastAPI load their scripts from another host: the kernel has its own.
    app = FastAPI(
        title=f"DSM {service}",
        version="1",
        lifespan=_with_traces(tracer, _with_retention(lifespan)),
        docs_url=None,
        redoc_url=None,
    )
    app.router.redirect_slashes = False  # a redirect names the host that the caller has sent
    keys = KeyRing(settings.auth, service)
    _begin_state(app, settings, metrics, keys)
    docs.add(app)
    _add_routes(app, service, routers, metrics)
    _handle_errors(app, validation_status)
    complete(app, validation_status, examples or {})
    app.add_middleware(
        Edge,
        settings=settings,
        keys=keys,
        permissions=Permissions(app.routes),
        streamed=StreamedRoutes(app.routes),
        metrics=metrics,
        refusals=app.state.refusals,
        draining=app.state.draining,
        validation_status=validation_status,
        tracer=tracer,
    )
    return app


def _begin_state(app: FastAPI, settings: KernelSettings, metrics: Metrics, keys: KeyRing) -> None:
    """Put into the app's state what every service has; the lifespan adds its own."""
    app.state.settings = settings
    app.state.metrics = metrics
    app.state.checks = Checks()
    app.state.background = Background()
    app.state.draining = Draining()
    app.state.attention = [keys.attention]
    app.state.refusals = Refusals(metrics.refused)
    metrics.registry.register(StateCollector(app.state))


def _add_routes(app: FastAPI, service: str, routers: Iterable[APIRouter], metrics: Metrics) -> None:
    """Add the routes of `routers`, and those of the kernel whose paths they do not bring."""
    routes = [route for router in routers for route in router.routes]
    replaced = {_path(route) for route in routes}
    own = (
        liveness_router(),
        readiness_router(service),
        serving_router(),
        metrics_router(metrics),
        diagnosis_router(service),
    )
    for router in own:
        routes += [route for route in router.routes if _path(route) not in replaced]
    # An included router searches its route twice, a sixth of a short request's time:
    # docs/adr/0005-routes-in-the-app.md.
    app.router.routes.extend(routes)


def _path(route: BaseRoute) -> str | None:
    return route.path if isinstance(route, Route) else None


def _with_traces(tracer: Tracer | None, lifespan: Lifespan) -> Lifespan:
    """Give the background work of `lifespan` the service's tracer."""
    if tracer is None:
        return lifespan

    @asynccontextmanager
    async def extended(app: FastAPI) -> AsyncIterator[None]:
        token = context.tracer.set(tracer)
        try:
            async with lifespan(app):
                yield
        finally:
            context.tracer.reset(token)
            await tracer.close()

    return extended


def _with_retention(lifespan: Lifespan) -> Lifespan:
    """Add to `lifespan` the retention that it sets in `app.state.retention`, if any."""

    @asynccontextmanager
    async def extended(app: FastAPI) -> AsyncIterator[None]:
        async with lifespan(app):
            retention: Retention | None = getattr(app.state, "retention", None)
            background: Background = app.state.background
            async with background.running(*([retention.loop()] if retention else [])):
                yield
            # The server has cancelled what took too long: it gives its leases back while the
            # stores are open.
            draining: Draining = app.state.draining
            if not await draining.finished(LAST_SECONDS):
                logger.warning("draining.unfinished", requests=draining.requests)

    return extended


def _respond(problem: Problem, status: int | None = None) -> JSONResponse:
    body = document(problem, status=status, request_id=context.request_id.get())
    return JSONResponse(
        body, status_code=body["status"], headers=problem.headers, media_type=MEDIA_TYPE
    )


def _field(location: Iterable[Any]) -> str:
    """Name the field of an error."""
    # The name of an unknown field is the caller's and may be huge. Pydantic also names the
    # branch of a union by its validator's function, which no caller knows.
    named = (str(part) for part in location if not str(part).startswith("function-"))
    return ".".join(named)[:_MAX_FIELD_CHARACTERS]


def _handle_errors(app: FastAPI, validation_status: int) -> None:
    @app.exception_handler(Problem)
    async def known(_: Request, error: Problem) -> JSONResponse:
        return _respond(error, validation_status if isinstance(error, Invalid) else None)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        # The input itself is not echoed: it may be huge, hostile or secret.
        fields = [
            {"field": _field(entry["loc"]), "message": entry["msg"].removeprefix("Value error, ")}
            for entry in error.errors()[:_MAX_ERRORS]
        ]
        detail = "; ".join(f"{entry['field']}: {entry['message']}" for entry in fields[:3])
        return _respond(Invalid(detail, errors=fields), validation_status)

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> JSONResponse:
        problem = Problem(str(error.detail), headers=dict(error.headers or {}))
        body = document(problem, status=error.status_code, request_id=context.request_id.get())
        body |= {"title": str(error.detail), "code": f"http_{error.status_code}"}
        body["type"] = f"urn:dsm:problem:{body['code']}"
        return JSONResponse(body, error.status_code, problem.headers, MEDIA_TYPE)

    async def store_failed(_: Request, error: Exception) -> JSONResponse:
        trouble = unavailable(error)
        if trouble is not None:
            logger.warning("database.unavailable", error=str(getattr(error, "orig", error)))
            return _respond(trouble)
        logger.error("request.failed", exc_info=error)
        return _respond(Problem("something went wrong; the log has the request id"))

    for kind in (DBAPIError, PoolTimeout, psycopg.Error):
        app.add_exception_handler(kind, store_failed)
