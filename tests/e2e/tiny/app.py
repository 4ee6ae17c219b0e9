"""Two real services, small enough to start in no time, for the tests of the local stack."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
from fastapi import FastAPI

from deploy.catalogue import ServiceSpec
from domain_services.kernel.messaging.redis import open_redis
from domain_services.kernel.settings import KernelSettings

SETTINGS = "domain_services.kernel.settings:KernelSettings"

SERVICES = (
    ServiceSpec("edge", 0, "tiny.app:create_edge", SETTINGS),
    ServiceSpec("notes", 1, "tiny.app:create_notes", SETTINGS, "tiny_notes", "tiny"),
)
BROKEN = (*SERVICES, ServiceSpec("broken", 2, "tiny.app:create_broken", SETTINGS))


def create_edge(settings: KernelSettings) -> FastAPI:
    """A service without a database."""
    app = FastAPI()

    @app.get("/health/ready")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    @app.get("/keys")
    async def keys() -> dict[str, str]:
        return {key.name: key.sha256 for key in settings.auth.keys}

    @app.get("/peers")
    async def peers() -> dict[str, str]:
        return settings.peers.model_dump()

    return app


def create_notes(settings: KernelSettings) -> FastAPI:
    """A service that keeps notes in Postgres, counts them in Valkey and can hold a request."""
    assert settings.database_url
    database = settings.database_url.get_secret_value().replace("+psycopg", "")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_redis(settings) as app.state.redis:
            yield

    app = FastAPI(lifespan=lifespan)

    async def execute(statement: Any, *values: str) -> list[str]:
        async with await psycopg.AsyncConnection.connect(database, connect_timeout=5) as open_:
            cursor = await open_.execute(statement, values)
            return [row[0] for row in await cursor.fetchall()] if cursor.description else []

    @app.get("/health/ready")
    async def ready() -> dict[str, str]:
        await execute("SELECT body FROM note")
        await app.state.redis.ping()
        return {"status": "ready"}

    @app.post("/notes/{body}")
    async def write(body: str) -> dict[str, str]:
        await execute("INSERT INTO note VALUES (%s)", body)
        await app.state.redis.incr("notes")
        return {"body": body}

    @app.get("/notes")
    async def read() -> dict[str, Any]:
        return {
            "bodies": await execute("SELECT body FROM note ORDER BY body"),
            "counted": int(await app.state.redis.get("notes") or 0),
        }

    @app.get("/hold")
    async def hold(folder: Path) -> dict[str, Any]:
        """Read the notes once somebody has made `go` in the folder."""
        (folder / "held").touch()
        while not (folder / "go").exists():
            await asyncio.sleep(0.01)
        return await read()

    return app


def create_broken(_: KernelSettings) -> FastAPI:
    """A service whose start fails."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        raise RuntimeError("no luck today")
        yield

    return FastAPI(lifespan=lifespan)
