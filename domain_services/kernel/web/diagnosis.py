"""Route GET /diagnosis: a service about itself and its stores, for `dsm doctor`.

Each store is asked over a connection of its own: an exhausted pool is one of the troubles that are
looked for.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any

import psycopg
from fastapi import APIRouter, Request
from psycopg.rows import dict_row
from redis.exceptions import RedisError

from domain_services.kernel.client.diagnosis import (
    CallerDiagnosis,
    ClusterDiagnosis,
    DatabaseDiagnosis,
    Diagnosis,
    RedisDiagnosis,
)
from domain_services.kernel.database.sockets import hanging_up
from domain_services.kernel.database.urls import plain_url
from domain_services.kernel.messaging.redis import open_redis
from domain_services.kernel.settings import KernelSettings
from domain_services.kernel.types import utc_now
from domain_services.kernel.web.auth import Identity

STORE_SECONDS = 3.0
AskCluster = Callable[[], Awaitable[ClusterDiagnosis]]

_SERVER = """
    SELECT extract(epoch FROM pg_postmaster_start_time())::text AS server,
           current_setting('server_version') AS version,
           pg_is_in_recovery() AS is_replica,
           pg_backend_pid() AS process,
           (SELECT sum(numbackends)::int FROM pg_stat_database) AS connections,
           current_setting('max_connections')::int
               - current_setting('superuser_reserved_connections')::int
               - coalesce(current_setting('reserved_connections', true)::int, 0)
               AS max_connections,
           (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS vector
"""
_REVISION = "SELECT version_num FROM alembic_version"


def diagnosis_router(service: str) -> APIRouter:
    """Make the route GET /diagnosis."""
    router = APIRouter(tags=["health"])

    @router.get("/diagnosis")
    async def get_diagnosis(request: Request) -> Diagnosis:
        """Answer release, caller, connections, database, Redis and cluster of this service."""
        identity: Identity = request.scope["dsm.identity"]
        settings: KernelSettings = request.app.state.settings
        database, redis, cluster = await asyncio.gather(
            _database(settings), _redis(settings), _cluster(request)
        )
        return Diagnosis(
            service=service,
            release=version("digital-scrum-master"),
            now=utc_now(),
            caller=CallerDiagnosis(name=identity.name, role=identity.role),
            schedules=getattr(settings, "schedules", None),
            most_connections=settings.most_connections if database else None,
            has_direct_url=settings.database_direct_url is not None,
            database=database,
            redis=redis,
            cluster=cluster,
        )

    return router


async def _database(settings: KernelSettings) -> DatabaseDiagnosis | None:
    if settings.database_url is None:
        return None
    url = plain_url(settings.database_url.get_secret_value())
    until = time.monotonic() + STORE_SECONDS
    try:
        # A pooler in front may serve each statement by another process: nothing is prepared.
        async with asyncio.timeout(STORE_SECONDS):
            connection = await psycopg.AsyncConnection.connect(
                url, autocommit=True, prepare_threshold=None
            )
        # A deadline alone would wait for the answer to its cancellation, which a silent server
        # never gives.
        async with connection:
            with hanging_up(connection, until - time.monotonic()):
                return await _ask_database(connection)
    except (psycopg.Error, OSError, TimeoutError) as error:
        # Hung up, the driver blames the server for the end of the connection.
        is_late = time.monotonic() >= until
        return DatabaseDiagnosis(problem=_reason(TimeoutError() if is_late else error))


async def _ask_database(connection: psycopg.AsyncConnection[Any]) -> DatabaseDiagnosis:
    async with connection.cursor(row_factory=dict_row) as cursor:
        row = await (await cursor.execute(_SERVER)).fetchone()
        assert row is not None
        # A pooler makes up the process id of a connection.
        is_pooled = row.pop("process") != connection.info.backend_pid
        facts = DatabaseDiagnosis(**row, is_pooled=is_pooled)
        try:
            number = await (await cursor.execute(_REVISION)).fetchone()
        except psycopg.errors.UndefinedTable:
            return facts
        except psycopg.errors.InsufficientPrivilege:
            return facts.model_copy(update={"may_read_revision": False})
        return facts.model_copy(update={"revision": number["version_num"] if number else None})


async def _redis(settings: KernelSettings) -> RedisDiagnosis | None:
    if settings.redis_url is None:
        return None
    try:
        async with asyncio.timeout(STORE_SECONDS), open_redis(settings) as redis:
            info: dict[str, Any] = await redis.info()  # pyright: ignore[reportUnknownMemberType]
    except (RedisError, OSError, TimeoutError) as error:
        return RedisDiagnosis(problem=_reason(error))
    return RedisDiagnosis(
        version=str(info.get("redis_version")),
        mode=str(info.get("redis_mode", "standalone")),
        eviction_policy=info.get("maxmemory_policy"),
        is_replica=info.get("role") == "slave",
    )


async def _cluster(request: Request) -> ClusterDiagnosis | None:
    ask: AskCluster | None = getattr(request.app.state, "diagnose_cluster", None)
    return await ask() if ask is not None else None


def _reason(error: Exception) -> str:
    """Describe a failure in one line."""
    # psycopg names host and user of a refused connection, and never the password.
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else f"no answer within {STORE_SECONDS:.0f} s"
