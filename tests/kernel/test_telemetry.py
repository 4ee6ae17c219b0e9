"""Metrics and logs of a service, which contain no secret."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import structlog
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from domain_services.kernel.client.http_client import ServiceClient
from domain_services.kernel.messaging.outbox import append
from domain_services.kernel.messaging.relay import Relay
from domain_services.kernel.settings import KernelSettings
from domain_services.kernel.telemetry import configure_logging
from tests.conftest import ADMIN_KEY, AUTH, serving
from tests.kernel.box.app import GROUP, BoxAdded, create_app
from tests.kernel.conftest import BoxService
from tests.ports import free_port

PASSWORD = "canary-password-7c1f"
WRONG_KEY = "dsm_canary-key-0123456789abcdef"


class Peer(ServiceClient):
    peer = "a_peer"


async def metric(box: BoxService, name: str) -> float:
    """Read the value of a sample, written as Prometheus writes it."""
    for line in (await box.http.get("/metrics")).text.splitlines():
        if line.startswith(f"{name} "):
            return float(line.rpartition(" ")[2])
    raise AssertionError(f"there is no {name}")


async def test_requests_are_counted_by_route_not_by_path(box: BoxService) -> None:
    for shelf in ("m-1", "m-2"):
        await box.add(shelf, "a")
        await box.http.get(f"/nowhere/{shelf}")
        await box.http.request("TRACE", f"/shelves/{shelf}/boxes")
    text = (await box.http.get("/metrics")).text
    assert "m-1" not in text
    assert "TRACE" not in text
    route = 'route="/shelves/{shelf}/boxes"'
    assert await metric(box, f'dsm_http_requests_total{{method="POST",{route},status="201"}}') >= 2
    assert await metric(box, 'dsm_http_requests_total{method="GET",route="none",status="404"}') >= 2
    assert await metric(box, f'dsm_http_requests_total{{method="other",{route},status="405"}}') >= 2


async def test_replays_are_counted(box: BoxService) -> None:
    for _ in range(3):
        await box.add("replayed", "a", "replayed-key")
    name = 'dsm_idempotent_replays_total{route="/shelves/{shelf}/boxes"}'
    assert await metric(box, name) >= 2


async def test_metrics_show_breakers_outbox_and_connections(box: BoxService) -> None:
    peer = Peer(box.http, f"http://127.0.0.1:{free_port()}")
    box.app.state.peers = (peer,)
    box.app.state.relay = relay = Relay(box.database, box.redis, "boxes", {})
    assert await metric(box, 'dsm_breaker_state{peer="a_peer"}') == 0
    assert await metric(box, "dsm_outbox_open_rows") == 0
    for _ in range(3):
        with pytest.raises(Exception, match=r"cannot be reached|paused"):
            await peer._call("GET", "/health", dict[str, Any])
    assert await metric(box, 'dsm_breaker_state{peer="a_peer"}') == 2
    async with box.database.transaction() as connection:
        boxes = [BoxAdded(shelf="s", label=label) for label in "ab"]
        events = await append(connection, boxes, source="boxes")
    assert await metric(box, "dsm_outbox_open_rows") == 2
    assert await metric(box, "dsm_outbox_oldest_seconds") > 0
    await relay.publish()
    await relay.confirm([f"{event.event_id} {GROUP}".encode() for event in events])
    assert await metric(box, "dsm_outbox_open_rows") == 0
    assert await metric(box, "dsm_outbox_oldest_seconds") == 0
    assert await metric(box, "dsm_outbox_sent_total") == 2


async def test_metrics_show_the_connections_of_each_pool(box: BoxService) -> None:
    assert await metric(box, 'dsm_db_connections_limit{pool="writing"}') == 10
    assert await metric(box, 'dsm_db_connections_limit{pool="reading"}') == 5
    assert await metric(box, 'dsm_db_connections_used{pool="writing"}') == 0
    select = text("SELECT pg_sleep(:seconds)")
    async with box.database.transaction():
        reads = [asyncio.create_task(box.database.rows(select, {"seconds": 60})) for _ in range(2)]
        try:
            async with asyncio.timeout(30):
                while await metric(box, 'dsm_db_connections_used{pool="reading"}') < 2:
                    await asyncio.sleep(0.01)
            assert await metric(box, 'dsm_db_connections_used{pool="writing"}') == 1
        finally:
            for read in reads:
                read.cancel()
            await asyncio.gather(*reads, return_exceptions=True)
    assert await metric(box, 'dsm_db_connections_used{pool="reading"}') == 0


@contextmanager
def logging_as_a_process_does() -> Iterator[None]:
    root = logging.getLogger()
    before, logs = (root.handlers[:], root.level), structlog.get_config()
    configure_logging("debug")
    try:
        yield
    finally:
        structlog.configure(**logs)
        root.handlers[:], level = before
        root.setLevel(level)


def write_canaries() -> None:
    """Log every secret in every way that a program and its libraries log."""
    for message in (
        f"calling with Authorization: Bearer {WRONG_KEY[4:]}",
        f"cannot reach postgresql://canary-user:{PASSWORD}@db/x",
        f"host=db user=a password={PASSWORD}",
        f"redis://:{PASSWORD}@redis:6379",
    ):
        structlog.get_logger().error("canary", error=message, nested={"deep": [message]})
        logging.getLogger("library").error("canary %s", message)
        try:
            raise RuntimeError(message)
        except RuntimeError as error:
            structlog.get_logger().error("canary", exc_info=error)
            logging.getLogger("library").exception("canary")
    structlog.get_logger().error("canary", authorization=ADMIN_KEY, auth={"api_key": "x-canary"})


async def test_no_secret_reaches_a_log_or_a_problem(
    capfd: pytest.CaptureFixture[str],
) -> None:
    port = free_port()
    settings = KernelSettings(
        port=free_port(),
        database_url=SecretStr(
            f"postgresql+psycopg://canary-user:{PASSWORD}@127.0.0.1:{port}/nothing"
        ),
        redis_url=SecretStr(f"redis://:{PASSWORD}@127.0.0.1:{port}/0"),
        auth=AUTH,  # pyright: ignore[reportArgumentType]
        slow_request_seconds=0.000001,
    )
    app = create_app(settings)
    outputs: list[str] = []
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    with logging_as_a_process_does():
        async with (
            serving(app, settings.port) as url,
            httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as http,
        ):
            calls = [
                http.get("/shelves/s/count"),
                http.post(
                    "/shelves/s/boxes", json={"label": "a"}, headers={"Idempotency-Key": "k"}
                ),
                http.get("/health/ready"),
                http.get("/shelves/s/count", headers={"Authorization": f"Bearer {WRONG_KEY}"}),
                http.post(
                    "/shelves/s/pairs",
                    content=f'{{"label": {{"key": "{WRONG_KEY}"}}}}',
                    headers={"Content-Type": "application/json"},
                ),
            ]
            answers = [await call for call in calls]
            outputs += [answer.text for answer in answers]
            assert [answer.status_code for answer in answers] == [503, 503, 200, 401, 422]
            write_canaries()
    written = capfd.readouterr()
    log = written.out + written.err
    assert log.count('"canary') >= 17
    assert "request.slow" in log
    assert "database.unavailable" in log
    for secret in (ADMIN_KEY, WRONG_KEY, WRONG_KEY[4:], PASSWORD, "x-canary"):
        assert secret not in log
        if secret != WRONG_KEY:
            assert all(secret not in text for text in outputs)


async def test_texts_of_people_do_not_reach_the_log_of_a_failed_statement(
    box: BoxService, capfd: pytest.CaptureFixture[str]
) -> None:
    words = "she said (twice).\nwhat they wrote"
    statement = text("INSERT INTO words (said, kind) VALUES (:said, 'x')")
    with logging_as_a_process_does():
        try:
            async with box.database.transaction() as connection:
                await connection.execute(
                    text("CREATE TEMP TABLE words (said text, kind text CHECK (kind <> 'x'))")
                )
                await connection.execute(statement, {"said": words})
        except IntegrityError as error:
            structlog.get_logger().error("canary", error=str(error), exc_info=error)
    log = capfd.readouterr().err
    assert log.count("Failing row") == 3
    assert "twice" not in log
    assert "they wrote" not in log
