"""Calls between services: they end by the caller's deadline; only repeatable ones are retried."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from domain_services.kernel import context
from domain_services.kernel.client.http_client import PAUSES_SECONDS, PeerRefused, ServiceClient
from domain_services.kernel.errors import Unavailable
from domain_services.kernel.types import Answer
from tests.conftest import serving
from tests.ports import free_port


class Reply(Answer):
    text: str


class PeerClient(ServiceClient):
    peer = "peer"

    async def ask(self, method: str = "GET", **more: Any) -> Reply:
        return await self._call(method, "/asked", Reply, **more)


class Peer:
    """Peer that gives the configured answers, then 200, and records the headers of requests."""

    def __init__(self) -> None:
        self.requests: list[dict[str, str]] = []
        self.failures: list[tuple[int, dict[str, str]]] = []
        self.code = ""
        self.seconds = 0.0
        self.over = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        self.requests.append({name.decode(): value.decode() for name, value in scope["headers"]})
        with suppress(TimeoutError):
            async with asyncio.timeout(self.seconds):
                await self.over.wait()
        status, headers = self.failures.pop(0) if self.failures else (200, {})
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        answer = {"text": "yes", "code": self.code}
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    yield Peer()


@pytest.fixture
async def client(peer: Peer) -> AsyncIterator[PeerClient]:
    async with serving(peer, free_port()) as url, httpx.AsyncClient(timeout=20) as http:
        yield PeerClient(http, url)
        peer.over.set()  # or the server would end with the request that it still answers


@pytest.mark.parametrize("call", [{}, {"method": "POST", "key": "k"}])
async def test_a_get_or_a_keyed_call_is_repeated(
    client: PeerClient, peer: Peer, call: dict[str, str]
) -> None:
    peer.failures = [(502, {})] * len(PAUSES_SECONDS)
    assert (await client.ask(**call)).text == "yes"
    assert len(peer.requests) == 1 + len(PAUSES_SECONDS)
    assert {headers.get("idempotency-key") for headers in peer.requests} == {call.get("key")}


async def test_call_is_repeated_a_limited_number_of_times(client: PeerClient, peer: Peer) -> None:
    peer.failures = [(500, {})] * 10
    with pytest.raises(Unavailable, match="answered 500 to GET /asked"):
        await client.ask()
    assert len(peer.requests) == 1 + len(PAUSES_SECONDS)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_call_without_a_key_is_made_once(
    client: PeerClient, peer: Peer, method: str
) -> None:
    peer.failures = [(502, {})]
    with pytest.raises(Unavailable):
        await client.ask(method)
    assert len(peer.requests) == 1


async def test_peer_that_sends_retry_after_is_not_called_before(
    client: PeerClient, peer: Peer
) -> None:
    peer.failures = [(503, {"Retry-After": "1"})]
    with pytest.raises(Unavailable):
        await client.ask()
    assert len(peer.requests) == 1


async def test_a_refusal_is_not_repeated(client: PeerClient, peer: Peer) -> None:
    peer.failures = [(409, {})]
    with pytest.raises(PeerRefused):
        await client.ask()
    assert len(peer.requests) == 1


async def test_all_tries_together_end_in_time(client: PeerClient, peer: Peer) -> None:
    peer.seconds = 5
    started = time.monotonic()
    with pytest.raises(Unavailable, match=r"did not answer|cannot be reached"):
        await client.ask(timeout=0.2)
    assert time.monotonic() - started < 4


async def test_the_callers_deadline_bounds_the_call_and_is_passed_on(
    client: PeerClient, peer: Peer
) -> None:
    token = context.deadline.set(time.monotonic() + 1)
    try:
        await client.ask()
        assert 0 < int(peer.requests[0]["x-request-timeout-ms"]) <= 1000
        peer.seconds = 5
        started = time.monotonic()
        with pytest.raises(Unavailable):
            await client.ask()
        assert time.monotonic() - started < 4
        with pytest.raises(Unavailable, match="no time remained"):
            await client.ask()
        assert len(peer.requests) == 2
    finally:
        context.deadline.reset(token)


async def test_time_that_ran_out_before_the_call_is_no_failure_of_the_peer(
    client: PeerClient,
) -> None:
    token = context.deadline.set(time.monotonic() - 1)
    try:
        for _ in range(10):
            with pytest.raises(Unavailable):
                await client.ask()
    finally:
        context.deadline.reset(token)
    assert client.breaker.state == "closed"


async def test_a_call_carries_the_ids_of_its_request(client: PeerClient, peer: Peer) -> None:
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    variables = [
        (context.request_id, "r-1"),
        (context.correlation_id, "c-1"),
        (context.traceparent, trace),
    ]
    tokens = [(variable, variable.set(value)) for variable, value in variables]
    try:
        await client.ask()
    finally:
        for variable, token in tokens:
            variable.reset(token)
    [headers] = peer.requests
    assert (headers["x-request-id"], headers["x-correlation-id"]) == ("r-1", "c-1")
    sent = headers["traceparent"].split("-")
    assert (sent[1], sent[3]) == ("a" * 32, "01")
    assert sent[2] != "b" * 16


LATER = [(409, "request_in_progress"), (408, ""), (425, ""), (429, "")]


@pytest.mark.parametrize(("status", "code"), LATER)
async def test_an_answer_that_means_later_is_waited_for(
    client: PeerClient, peer: Peer, status: int, code: str
) -> None:
    peer.failures, peer.code = [(status, {})] * 5, code
    assert (await client.ask("POST", key="k")).text == "yes"
    assert len(peer.requests) == 6
    assert client.breaker.state == "closed"


@pytest.mark.parametrize(("status", "code"), LATER)
async def test_an_answer_that_means_later_is_no_refusal(
    client: PeerClient, peer: Peer, status: int, code: str
) -> None:
    peer.failures, peer.code = [(status, {"Retry-After": "60"})], code
    with pytest.raises(Unavailable, match="try again later") as caught:
        await client.ask("POST", key="k")
    assert caught.value.headers == {"Retry-After": "60"}
    assert len(peer.requests) == 1


async def test_a_call_without_a_key_does_not_wait_for_later(client: PeerClient, peer: Peer) -> None:
    peer.failures = [(429, {})]
    with pytest.raises(Unavailable):
        await client.ask("POST")
    assert len(peer.requests) == 1


async def test_little_patience_of_a_caller_is_no_failure_of_the_peer(
    client: PeerClient, peer: Peer
) -> None:
    peer.seconds = 60
    for _ in range(10):
        with pytest.raises(Unavailable, match="did not answer"):
            await client.ask(timeout=0.02)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await client.ask()
    assert client.breaker.state == "closed"
    peer.over.set()
    assert (await client.ask()).text == "yes"


async def test_silence_for_a_fair_time_is_a_failure_of_the_peer(peer: Peer) -> None:
    peer.seconds = 60
    async with serving(peer, free_port()) as url, httpx.AsyncClient(timeout=0.02) as http:
        client = PeerClient(http, url)
        for _ in range(5):
            with pytest.raises(Unavailable, match="did not answer"):
                await client.ask("POST")
        assert client.breaker.state == "open"
        peer.over.set()
