"""Readiness of the orchestrator in the shape of section 6.3: each dependency by name."""

import asyncio
import time
from functools import partial

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.datastructures import State

from agent.bootstrap import Services
from domain_services.kernel.background import Background
from domain_services.kernel.messaging.redis import check_writing
from domain_services.kernel.web import attention
from domain_services.kernel.web.health import Check, Checks, failure_of, probe
from domain_services.kernel.web.shared import shared
from memory.pool import Pool

logger = structlog.get_logger()
router = APIRouter(tags=["health"])


@router.get("/health/ready", responses={503: {"description": "A needed service does not answer"}})
async def get_readiness(request: Request) -> JSONResponse:
    """Answer 200 when every service that a decision needs answers.

    Embeddings and Redis are shown and not needed: without embeddings recall is by features alone,
    without Redis outcomes arrive later. Background loops are shown when they fail; a stopped one
    needs a restart.
    """
    state = request.app.state
    answer, passed = await shared(state, "readiness", lambda: _readiness(state))
    return JSONResponse(answer, status_code=200 if passed else 503)


async def _readiness(state: State) -> tuple[dict[str, object], bool]:
    services: Services = state.services
    background: Background = state.background
    clients = services.clients
    needed: dict[str, Check] = {
        "project-service": clients.project.health,
        "backlog-service": clients.backlog.health,
        "sprint-service": clients.sprint.health,
        "chronicle-service": clients.chronicle.health,
    }
    # Both ways to the one database: the memory's pool, and a write.
    stores: list[Check] = [lambda: ping(services.pool), services.database.check_writing]
    checks = [*needed.values(), *stores]
    results = await asyncio.gather(*(failure_of(check) for check in checks))
    peers = ["ok" if failure is None else "error" for failure in results[: len(needed)]]
    trouble = next((failure for failure in results[len(needed) :] if failure), None)
    database = "ok" if trouble is None else "error"
    redis_failure = None if services.redis is None else await failure_of(_redis_check(services))
    troubled = background.troubled()
    body: dict[str, object] = {
        name: {"status": status} for name, status in zip(needed, peers, strict=True)
    }
    body["agent_memory_db"] = {"status": database, "pool_status": _pool_status(services.pool)}
    body["embedding-service"] = await _embedding(services)
    body["redis"] = {"status": _status(services, redis_failure)}
    if troubled:
        body["background"] = {"status": "error", "loops": troubled}
    passed = {*peers, database} == {"ok"} and "stopped" not in troubled.values()
    answer: dict[str, object] = {"status": "ok" if passed else "not_ready", "services": body}
    broken = {"database": trouble, "redis": redis_failure}
    sentences = await attention.collect(
        "orchestrator", state, {name: error for name, error in broken.items() if error}
    )
    if sentences:
        answer["attention"] = sentences
    if trouble is None and (autonomy := await _autonomy(services)) is not None:
        answer["autonomy"] = autonomy
    return answer, passed


async def _autonomy(services: Services) -> str | None:
    """Say how far the projects act by themselves; None when it cannot be read in time."""
    try:
        async with asyncio.timeout(attention.SECONDS):
            return await services.autonomies.in_short()
    except Exception as error:
        logger.warning("autonomy.not_read", error=f"{type(error).__name__}: {error}")
        return None


def checks(services: Services) -> Checks:
    """Return the checks of everything that the orchestrator uses, for its metrics."""
    clients = services.clients
    peers = (
        clients.project,
        clients.backlog,
        clients.sprint,
        clients.chronicle,
        clients.embedding,
    )
    return Checks(
        database=partial(ping, services.pool),
        redis=_redis_check(services) if services.redis else None,
        external_apis={client.peer: client.health for client in peers},
    )


async def ping(pool: Pool) -> None:
    """Check that the agent's database answers; raises when it does not."""
    async with pool.connection() as connection:
        await connection.execute("SELECT 1")


async def _embedding(services: Services) -> dict[str, object]:
    client = services.clients.embedding
    started = time.perf_counter()
    status = await probe(client.health)
    return {
        "status": status,
        "latency_ms": round((time.perf_counter() - started) * 1000, 1),
        "circuit_breaker_state": client.breaker.state,
    }


def _redis_check(services: Services) -> Check:
    async def check() -> None:
        if services.redis is not None:
            await check_writing(services.redis)

    return check


def _status(services: Services, failure: Exception | None) -> str:
    if services.redis is None:
        return "not_set"
    return "ok" if failure is None else "error"


def _pool_status(pool: Pool) -> dict[str, int]:
    stats = pool.get_stats()
    size, free = stats.get("pool_size", 0), stats.get("pool_available", 0)
    return {
        "pool_size": pool.max_size,
        "checked_in_connections": free,
        "checked_out_connections": size - free,
        "total_connections": size,
    }
