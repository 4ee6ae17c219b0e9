"""A store in trouble is 503 in words, shows in readiness, and is used soon after its repair."""

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from redis.asyncio import Redis

from deploy.local.servers import EmbeddedServers
from domain_services.kernel.messaging.redis import check_writing
from domain_services.kernel.web.health import Checks
from tests.conftest import ADMIN_KEY, Databases, serving
from tests.disks import fill, small_disk
from tests.kernel.box.app import create_app
from tests.kernel.conftest import box_settings

pytestmark = pytest.mark.deadline

DISK_BYTES = 192 << 20
# What is promised after a repair, and room for a machine that is busy with other tests.
BACK_SECONDS = 5 * float(os.environ.get("DSM_TEST_SLOWNESS", "4"))


@dataclass
class Trouble:
    """A box service on servers of its own, which a test may hurt."""

    servers: EmbeddedServers
    app: FastAPI
    http: httpx.AsyncClient
    folder: Path

    def administer(self, *statements: str) -> None:
        """Run statements as the owner of the cluster, whatever the settings of new sessions."""
        url = self.servers.database_url("postgres").replace("+psycopg", "")
        options = "-c default_transaction_read_only=off"
        with psycopg.connect(url, autocommit=True, options=options) as connection:
            for statement in statements:
                connection.execute(statement)  # pyright: ignore[reportArgumentType]

    async def write(self, label: str = "x" * 20_000) -> httpx.Response:
        return await self.http.post("/shelves/s/boxes", json={"label": label[:200], "inside": None})

    async def ready(self) -> tuple[int, list[str]]:
        answer = await self.http.get("/health/ready")
        return answer.status_code, answer.json().get("attention", [])

    async def until(self, check: Callable[[], Awaitable[bool]]) -> float:
        """Wait until a check passes; return the seconds it took."""
        started = time.monotonic()
        while not await check():
            assert time.monotonic() - started < 60
            await asyncio.sleep(0.05)
        return time.monotonic() - started

    async def is_back(self) -> bool:
        return (await self.write("a")).status_code == 201 and (await self.ready())[0] == 200


@pytest.fixture(scope="module")
def own_databases() -> Iterator[Databases]:
    with (
        tempfile.TemporaryDirectory(prefix="dsm-trouble-") as name,
        EmbeddedServers(Path(name), durable=False) as servers,
    ):
        yield Databases(servers)


async def _serve(databases: Databases, folder: Path) -> AsyncIterator[Trouble]:
    settings = box_settings(databases)
    app = create_app(settings)
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    async with (
        serving(app, settings.port) as url,
        httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as http,
    ):
        redis: Redis = app.state.redis
        app.state.checks = Checks(
            database=app.state.database.ping, redis=lambda: check_writing(redis)
        )
        trouble = Trouble(databases.servers, app, http, folder)
        assert await trouble.is_back()
        yield trouble


@pytest.fixture
async def trouble(own_databases: Databases) -> AsyncIterator[Trouble]:
    async for trouble in _serve(own_databases, own_databases.servers.folder.path):
        yield trouble


def assert_unavailable(answer: httpx.Response, detail: str) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["detail"] == detail


async def test_read_only_database_is_read_and_says_so(trouble: Trouble) -> None:
    trouble.administer("ALTER SYSTEM SET default_transaction_read_only = on")
    trouble.administer("SELECT pg_reload_conf()")
    try:
        await trouble.until(lambda: _status(trouble.write(), 503))
        assert_unavailable(await trouble.write(), "the database cannot be written: it is read-only")
        keyed = await trouble.http.post(
            "/shelves/s/pairs", json={"label": "a"}, headers={"Idempotency-Key": "k"}
        )
        assert_unavailable(keyed, "the database cannot be written: it is read-only")
        assert (await trouble.http.get("/shelves/s/count")).status_code == 200
        await trouble.until(lambda: _status(trouble.http.get("/health/ready"), 503))
        assert (await trouble.ready())[1] == [
            "the database of box cannot be written: it is read-only"
        ]
        # What is read is still answered: a balancer leaves the process in.
        assert (await trouble.http.get("/health/serving")).status_code == 200
    finally:
        trouble.administer("ALTER SYSTEM RESET default_transaction_read_only")
        trouble.administer("SELECT pg_reload_conf()")
    assert await trouble.until(trouble.is_back) < BACK_SECONDS


async def test_full_disk_is_named_and_writing_goes_on_when_there_is_room() -> None:
    with (
        small_disk(DISK_BYTES) as folder,
        EmbeddedServers(folder / "stack", durable=False) as servers,
    ):
        async for trouble in _serve(Databases(servers), folder):
            assert await _fill_and_free(trouble) < BACK_SECONDS


async def _fill_and_free(trouble: Trouble) -> float:
    """Fill the disk, see that it is named, make room; return the seconds until a write."""
    file = fill(trouble.folder)
    sentence = "the database of box cannot be written: the disk is full"

    async def is_named() -> bool:
        status, sentences = await trouble.ready()
        return status == 503 and sentence in sentences

    await trouble.until(is_named)
    # What fits into a page that is there may still be stored: many rows do not fit.
    for number in range(20_000):
        answer = await trouble.write(f"{number} " + "x" * 190)
        if answer.status_code != 201:
            break
    assert_unavailable(answer, "the database cannot be written: the disk is full")
    file.unlink()
    return await trouble.until(trouble.is_back)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGQUIT])
async def test_killed_database_is_used_soon_after_its_restart(
    trouble: Trouble, end: signal.Signals
) -> None:
    postgres = trouble.servers.postgres.process
    assert postgres is not None
    postgres.send_signal(end)
    await asyncio.to_thread(postgres.wait, 30)
    answer = await trouble.write()
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    await asyncio.to_thread(trouble.servers.restart_dead)
    assert await trouble.until(trouble.is_back) < BACK_SECONDS


async def test_stopped_database_is_unavailable_within_the_request_and_back_soon(
    trouble: Trouble,
) -> None:
    postgres = trouble.servers.postgres.process
    assert postgres is not None
    for process in (postgres, *postgres.children()):
        process.suspend()
    try:
        answers = await asyncio.gather(*(trouble.write() for _ in range(3)))
        assert [answer.status_code for answer in answers] == [503] * 3
    finally:
        for process in (*postgres.children(), postgres):
            process.resume()
    assert await trouble.until(trouble.is_back) < BACK_SECONDS


async def test_role_that_may_not_log_in_is_named(trouble: Trouble) -> None:
    database: Any = trouble.app.state.database
    name = database.url.split("?")[0].rsplit("/", 1)[-1]
    other = f"{name}_hidden"
    trouble.administer(
        f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false",
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
        f"ALTER DATABASE {name} RENAME TO {other}",
    )
    answer = await trouble.write()
    assert answer.status_code == 503
    assert "database" in answer.json()["detail"]
    trouble.administer(
        f"ALTER DATABASE {other} RENAME TO {name}",
        f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true",
    )
    assert await trouble.until(trouble.is_back) < BACK_SECONDS


@pytest.mark.parametrize(
    ("hurt", "repair", "words"),
    [
        (
            {"maxmemory": "1", "maxmemory-policy": "noeviction"},
            {"maxmemory": "0"},
            "its memory is full",
        ),
        (
            {"min-replicas-to-write": "1"},
            {"min-replicas-to-write": "0"},
            "it has too few replicas",
        ),
    ],
)
async def test_redis_without_writes_shows_and_stops_no_write_of_the_service(
    trouble: Trouble, hurt: dict[str, str], repair: dict[str, str], words: str
) -> None:
    redis: Redis = trouble.app.state.redis
    for name, value in hurt.items():
        await redis.config_set(name, value)
    try:
        assert (await trouble.write()).status_code == 201
        status, sentences = await trouble.ready()
        assert status == 503
        assert sentences == [
            f"events of box wait in its database: Redis cannot be written: {words}"
        ]
    finally:
        for name, value in repair.items():
            await redis.config_set(name, value)
    assert await trouble.until(trouble.is_back) < BACK_SECONDS


async def _status(answer: Awaitable[httpx.Response], status: int) -> bool:
    return (await answer).status_code == status
