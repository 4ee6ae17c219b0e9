"""The orchestrator as an app."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial

import structlog
from fastapi import APIRouter, FastAPI

from agent import health
from agent.api import caller_router, router
from agent.audits.api import router as audits
from agent.autonomy import api as autonomy
from agent.bootstrap import Services, open_services
from agent.chat import api as chat
from agent.chat.wiring import make_chat
from agent.clock.api import router as clock
from agent.episodes import api as episodes
from agent.examples import EXAMPLES
from agent.imports import api as imports
from agent.imports import projects_api as imported_projects
from agent.imports.wiring import opened_imports
from agent.intelligence.api import router as intelligence
from agent.jobs.schedule_states import schedule_states
from agent.learning import memory_api
from agent.mcp.extra import require_mcp
from agent.replay import api as replay
from agent.runs import api as runs
from agent.runs.metrics import (
    given_up_runs,
    runs_to_approve,
    unfinished_runs,
    waiting_runs,
)
from agent.runs.plan_api import router as plans
from agent.schedules import api as schedules
from agent.settings import AgentSettings
from domain_services.kernel.telemetry import Metrics
from domain_services.kernel.web import dead_letters, set_aside
from domain_services.kernel.web.app import build_app
from domain_services.kernel.web.diagnosis import AskCluster
from memory.item_kinds import ITEM_KINDS
from memory.known_rows import StoredRows
from memory.proposals import Proposals
from memory.run_recovery import HungUpStarts, RunRecovery
from memory.runs import RunTable

logger = structlog.get_logger()

ROUTERS = (
    health.router,
    router,
    caller_router,
    replay.router,
    runs.router,
    runs.decision,
    autonomy.of_project,
    autonomy.pause,
    plans,
    clock,
    schedules.of_project,
    schedules.of_all,
    intelligence,
    audits,
    memory_api.router,
    chat.router,
    imported_projects.router,
    imports.router,
    episodes.router,
    episodes.of_run,
    dead_letters.router,
    set_aside.router,
)


def create_app(settings: AgentSettings) -> FastAPI:
    """Make the app; its stores open when it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        metrics: Metrics = app.state.metrics
        opening = open_services(settings, metrics.registry, app.state.background)
        async with opening as services, AsyncExitStack() as stack:
            if settings.mcp.enabled:
                app.state.mcp = await stack.enter_async_context(_serving_mcp(services, settings))
            app.state.chat = make_chat(settings, services)
            app.state.known_rows = StoredRows(services.pool)
            app.state.imports = await stack.enter_async_context(
                opened_imports(services.pool, app.state.known_rows, settings.imports)
            )
            app.state.diagnose_cluster = _cluster_question(settings)
            _offer(app, services)
            yield

    return build_app(
        "project-orchestrator",
        settings,
        [*ROUTERS, *_mcp_routers(settings)],
        lifespan=lifespan,
        validation_status=400,
        examples=EXAMPLES,
    )


def _offer(app: FastAPI, services: Services) -> None:
    """Put into the app's state what its routes and the kernel's routes read."""
    app.state.services = services
    app.state.peers = services.clients.all
    app.state.consumers = services.consumers
    app.state.database = services.database
    app.state.retention = services.retention
    app.state.pools = {"memory": services.pool, "recall": services.recall_pool}
    app.state.checks = health.checks(services)
    app.state.delivers = True
    app.state.item_kinds = ITEM_KINDS
    proposals = Proposals(services.pool)
    app.state.attention += [
        services.cronjob_table.refused,
        services.pause_switch.attention,
        partial(given_up_runs, RunRecovery(services.pool, HungUpStarts())),
        partial(runs_to_approve, proposals),
    ]
    app.state.readings = (
        partial(unfinished_runs, RunTable(services.pool)),
        partial(waiting_runs, proposals),
        partial(schedule_states, services.cronjob_table),
    )


def _mcp_routers(settings: AgentSettings) -> list[APIRouter]:
    """Return the route of MCP when it is enabled. Raises: `MissingExtra`."""
    if not settings.mcp.enabled:
        return []
    require_mcp()
    # The protocol's packages come with an extra.
    from agent.mcp.http import mcp_router

    return [mcp_router(settings.mcp.allowed_hosts)]


def _serving_mcp(
    services: Services, settings: AgentSettings
) -> AbstractAsyncContextManager[object]:
    from agent.mcp.http import serving_mcp

    return serving_mcp(services, settings.max_body_bytes)


def _cluster_question(settings: AgentSettings) -> AskCluster | None:
    """Return the question for `GET /diagnosis`; None when no cluster fires schedules."""
    if settings.schedules != "kubernetes":
        return None
    # The client comes with an extra.
    from agent.jobs.cluster.permissions import diagnose_cluster

    return partial(diagnose_cluster, settings.kubeconfig, settings.jobs_namespace)
