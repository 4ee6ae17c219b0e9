"""The orchestrator as an app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from agent import health
from agent.api import router
from agent.bootstrap import open_services
from agent.intelligence.api import router as intelligence
from agent.learning import memory_api
from agent.settings import AgentSettings
from domain_services.kernel import context
from domain_services.kernel.errors import Unavailable, document
from domain_services.kernel.messaging.dead_letters import api as dead_letters
from domain_services.kernel.telemetry import Metrics
from domain_services.kernel.web.app import build_app

logger = structlog.get_logger()


def create_app(settings: AgentSettings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        metrics: Metrics = app.state.metrics
        async with open_services(settings, metrics.registry) as services:
            app.state.services = services
            app.state.peers = services.clients.all
            app.state.consumers = services.consumers
            app.state.database = services.database  # of Idempotency-Keys
            yield

    app = build_app(
        "project-orchestrator",
        settings,
        [health.router, router, intelligence, memory_api.router, dead_letters.router],
        lifespan=lifespan,
        validation_status=400,
    )
    app.add_exception_handler(psycopg.OperationalError, memory_failed)
    return app


async def memory_failed(_: Request, error: Exception) -> JSONResponse:
    """A pool that has no connection is one of these too."""
    logger.warning("memory.unavailable", error=str(error))
    problem = Unavailable("the agent's memory does not answer")
    body = document(problem, request_id=context.request_id.get())
    return JSONResponse(body, problem.status, problem.headers, "application/problem+json")
