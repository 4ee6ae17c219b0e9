"""Stores that accept a connection and never answer hold neither a start nor a diagnosis."""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from deploy.local.servers import EmbeddedServers
from domain_services.kernel.database import pooler, schema
from domain_services.kernel.database.fitness import check_database
from domain_services.kernel.database.schema import read_schema
from domain_services.kernel.settings import KernelSettings
from domain_services.kernel.web import diagnosis
from tests.conftest import ADMIN_KEY, AUTH, serving
from tests.kernel.box.app import create_app
from tests.kernel.silence import silent_at, silent_store
from tests.ports import free_port

# psycopg waits for up to ten seconds for the answer to a cancellation, `dsm doctor` for six in all.
BOUND_SECONDS = 5


def settings(postgres: int, redis: int) -> KernelSettings:
    return KernelSettings(
        port=free_port(),
        database_url=SecretStr(f"postgresql://postgres@127.0.0.1:{postgres}/postgres"),
        redis_url=SecretStr(f"redis://127.0.0.1:{redis}"),
        auth=AUTH,  # pyright: ignore[reportArgumentType]
    )


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.mark.deadline
@pytest.mark.parametrize("silent_from", ["the first byte", "the first question"])
async def test_diagnosis_names_stores_that_do_not_answer(
    stack: AsyncExitStack, servers: EmbeddedServers, silent_from: str
) -> None:
    silent = await stack.enter_async_context(silent_store())
    postgres = silent
    if silent_from == "the first question":
        question = diagnosis._SERVER.strip().encode()  # pyright: ignore[reportPrivateUsage]
        postgres = await stack.enter_async_context(silent_at(servers, question))
    own = settings(postgres, silent)
    url = await stack.enter_async_context(serving(create_app(own), own.port))
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    async with httpx.AsyncClient(headers=headers, timeout=60) as http:
        started = time.monotonic()
        answer = await http.get(f"{url}/diagnosis")
        took = time.monotonic() - started
    assert answer.status_code == 200
    stores = answer.json()
    assert [stores[name]["problem"] for name in ("database", "redis")] == [
        "no answer within 3 s",
        "no answer within 3 s",
    ]
    assert took < BOUND_SECONDS


async def test_start_waits_for_a_database_that_stops_answering_and_says_so(
    stack: AsyncExitStack, servers: EmbeddedServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "ANSWER_SECONDS", 0.1)
    port = await stack.enter_async_context(silent_at(servers, b"alembic_version"))
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    state, reason = await read_schema(url, "box_0001")
    assert (state, reason.partition(":")[0]) == ("waiting", "the database does not answer")


async def test_database_that_stops_answering_is_not_judged(
    stack: AsyncExitStack, servers: EmbeddedServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooler, "QUESTIONS_SECONDS", 0.1)
    port = await stack.enter_async_context(silent_at(servers, b"pg_backend_pid"))
    with capture_logs() as logs:
        await check_database(settings(port, port))
    assert [log["event"] for log in logs] == ["database.not_checked"]
