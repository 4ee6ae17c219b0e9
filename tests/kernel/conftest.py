"""Fixtures: a small service on a database of its own, over HTTP, one for all tests of a file."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from redis.asyncio import Redis

from domain_services.kernel.database.database import Database
from domain_services.kernel.messaging.inbox import Consumer
from domain_services.kernel.settings import KernelSettings
from tests.conftest import ADMIN_KEY, AUTH, Databases, serving
from tests.kernel.box.app import Gate, create_app
from tests.ports import free_port


@dataclass(frozen=True)
class BoxService:
    url: str
    app: FastAPI
    http: httpx.AsyncClient

    @property
    def redis(self) -> Redis:
        return self.app.state.redis

    @property
    def consumer(self) -> Consumer:
        return self.app.state.consumers[0]

    @property
    def database(self) -> Database:
        return self.app.state.database

    def new_gate(self) -> Gate:
        gate = self.app.state.gate = Gate()
        return gate

    async def add(
        self, shelf: str, label: str, key: str | None = None, what: str = "boxes", **more: Any
    ) -> httpx.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        body = {"label": label} | more
        return await self.http.post(f"/shelves/{shelf}/{what}", json=body, headers=headers)

    async def count(self, shelf: str) -> int:
        return int((await self.http.get(f"/shelves/{shelf}/count")).text)


def box_settings(databases: Databases, **values: Any) -> KernelSettings:
    """Make the settings of a box service on a new database."""
    base = {
        "port": free_port(),
        "database_url": SecretStr(databases.fresh("tests.kernel.box")),
        "redis_url": SecretStr(databases.redis_url),
        "auth": AUTH,
    }
    return KernelSettings(**(base | values))


@pytest.fixture(scope="module")
async def box(databases: Databases) -> AsyncIterator[BoxService]:
    settings = box_settings(databases)
    app = create_app(settings)
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    async with (
        serving(app, settings.port) as url,
        httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as http,
    ):
        yield BoxService(url, app, http)
        app.state.gate.open.set()  # or a failed test would keep its requests, and us, for ever
    assert settings.database_url is not None
    databases.drop(settings.database_url.get_secret_value())
