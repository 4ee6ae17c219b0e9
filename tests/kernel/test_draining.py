"""An app that drains answers on, closes its connections and is not ready."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from domain_services.kernel.client.http_client import open_http
from domain_services.kernel.settings import KernelSettings
from domain_services.kernel.web.draining import Draining
from domain_services.kernel.web.health import Checks
from tests.conftest import ADMIN_KEY, Databases, serving
from tests.kernel.box.app import Gate, create_app
from tests.kernel.conftest import box_settings


@pytest.fixture
async def app(databases: Databases) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """Serve an app of its own: draining cannot be undone."""
    settings = box_settings(databases)
    app = create_app(settings)
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    async with (
        serving(app, settings.port) as url,
        httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as http,
    ):
        yield app, http


App = tuple[FastAPI, httpx.AsyncClient]


async def test_draining_app_answers_and_closes_each_connection(app: App) -> None:
    served, http = app
    before = await http.get("/shelves/a/count")
    assert "connection" not in before.headers
    served.state.draining.begin()
    answers = [
        await http.get("/shelves/a/count"),
        await http.post("/shelves/a/boxes", json={"label": "late"}),
        await http.get("/nowhere"),
        await http.get("/shelves/a/count", headers={"Authorization": "none"}),
    ]
    assert [answer.status_code for answer in answers] == [200, 201, 404, 401]
    assert {answer.headers["connection"] for answer in answers} == {"close"}


async def test_draining_app_is_alive_and_not_ready(app: App) -> None:
    served, http = app
    paths = ("/health", "/health/serving", "/health/ready")
    assert [(await http.get(path)).status_code for path in paths] == [200, 200, 200]
    served.state.draining.begin()
    answers = [await http.get(path) for path in paths]
    assert [answer.status_code for answer in answers] == [200, 503, 503]
    assert answers[1].json() == {"status": "not_serving", "reason": "draining"}


async def test_serving_asks_for_the_own_database_alone(app: App) -> None:
    served, http = app

    async def away() -> None:
        raise OSError("away")

    checks: Checks = served.state.checks
    served.state.checks = Checks(checks.database, redis=away, external_apis={"peer": away})
    assert (await http.get("/health/serving")).json() == {"status": "serving"}
    assert (await http.get("/health/ready")).status_code == 503
    served.state.checks = Checks(away)
    answer = await http.get("/health/serving")
    assert answer.status_code == 503
    assert answer.json() == {"status": "not_serving", "reason": "database"}


async def test_requests_under_way_are_counted_until_their_end(app: App) -> None:
    served, http = app
    draining: Draining = served.state.draining
    gate = served.state.gate = Gate()
    waiting = asyncio.create_task(http.post("/shelves/a/boxes", json={"label": "wait"}))
    await gate.reached.wait()
    assert draining.requests == 1
    assert not await draining.finished(0)
    gate.open.set()
    assert (await waiting).status_code == 201
    assert await draining.finished(30)


async def test_peer_drops_an_idle_connection_before_its_server_closes_it(app: App) -> None:
    settings: KernelSettings = app[0].state.settings
    async with open_http(settings) as peer:
        limits: httpx.Limits = peer._transport.limits  # pyright: ignore
        assert limits.keepalive_expiry is not None
        assert limits.keepalive_expiry < settings.drain_seconds
