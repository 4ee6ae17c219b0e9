"""The embedding service over HTTP, with a small real server in Ollama's place."""

import asyncio
import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from prometheus_client import CollectorRegistry

from domain_services.embedding import schema
from domain_services.embedding.app import create_app
from domain_services.embedding.client import EmbeddingClient
from domain_services.embedding.engines.port import Engine, EngineFailed, RemoteEngine
from domain_services.embedding.engines.selection import Selection, pause_seconds
from domain_services.embedding.logic import UsageRecord
from domain_services.embedding.settings import EmbeddingSettings
from domain_services.kernel.client.http_client import PeerRefused, open_http
from domain_services.kernel.errors import Unavailable
from tests.conftest import AUTH, serving
from tests.ports import free_port

LOCAL = "all-MiniLM-L6-v2"
REMOTE = "mxbai-embed-large:latest"
TEXT = "Project TEST-001: 10 backlog tasks, team size 5, velocity 2.5"


def direction(text: str) -> list[float]:
    """A vector of norm 2 that says how long the text was."""
    vector = [0.0] * 1024
    vector[len(text) % 1024] = 2.0
    return vector


class Ollama:
    """Speaks POST /api/embed; `fault` may replace the good answer to a text, not to a probe."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.app.post("/api/embed")(self.embed)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.requests: list[dict[str, Any]] = []
        self.fault: Callable[[list[list[float]]], Response | None] | None = None
        self.hanging = False
        self.released = asyncio.Event()

    async def embed(self, request: Request) -> Response:
        body = await request.json()
        good = [direction(text) for text in body["input"]]
        is_probe = body["input"] == ["probe"]
        if not is_probe:
            self.requests.append(body)
        if self.hanging:
            await self.released.wait()
        if is_probe:
            return answer(good)
        return (self.fault and self.fault(good)) or answer(good)


def answer(vectors: list[list[float]]) -> Response:
    return Response(
        json.dumps({"model": "mxbai-embed-large", "embeddings": vectors}),
        media_type="application/json",
    )


FAULTS: dict[str, tuple[str, Callable[[list[list[float]]], Response]]] = {
    "wrong dimensions": ("bad_vector", lambda good: answer([each[:768] for each in good])),
    "NaN": ("bad_vector", lambda good: answer([[math.nan, *each[1:]] for each in good])),
    "zero vector": ("bad_vector", lambda good: answer([[0.0] * 1024 for _ in good])),
    "one vector missing": ("bad_vector", lambda good: answer(good[1:])),
    "error 500": ("error", lambda _: Response('{"error": "out of memory"}', 500)),
    "not JSON": ("error", lambda _: Response("<html>")),
    "not an object": ("error", lambda _: Response("[1]", media_type="application/json")),
    "no embeddings": ("error", lambda _: Response("{}", media_type="application/json")),
}


@pytest.fixture
async def ollama() -> AsyncIterator[Ollama]:
    fake = Ollama()
    async with serving(fake.app, fake.port):
        yield fake
        fake.released.set()


Start = Callable[..., Awaitable[str]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Serve the embedding service: `url = await start(local_model=False, ...)`."""
    async with AsyncExitStack() as stack:

        async def started(**models: Any) -> str:
            models = {"ollama_budget_seconds": 0.3, "recheck_seconds": 600, **models}
            port = free_port()
            settings = EmbeddingSettings(port=port, auth=AUTH, embedding=models)
            return await stack.enter_async_context(serving(create_app(settings), port))

        yield started


async def embed(http: httpx.AsyncClient, url: str, text: str = TEXT) -> dict[str, Any]:
    response = await http.post(f"{url}/embed", json={"text": text})
    assert response.status_code == 200, response.text
    return response.json()


async def metrics(http: httpx.AsyncClient, url: str) -> dict[str, Any]:
    return (await http.get(f"{url}/metrics")).json()


async def until_ollama_is(available: bool, http: httpx.AsyncClient, url: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            health = (await http.get(f"{url}/health")).json()
            if health["ollama_available"] is available:
                return health
            await asyncio.sleep(0.01)


async def test_local_model_serves_without_ollama(start: Start, http: httpx.AsyncClient):
    url = await start()
    served = await embed(http, url)
    assert served.keys() == {"embedding", "dimensions", "model", "generation_time_ms"}
    assert (served["dimensions"], served["model"]) == (1024, LOCAL)
    assert len(served["embedding"]) == 1024
    assert math.hypot(*served["embedding"]) == pytest.approx(1, abs=1e-5)
    assert isinstance(served["generation_time_ms"], int)
    health = await http.get(f"{url}/health")
    assert health.status_code == 200
    assert health.json() == {
        "status": "healthy",
        "ollama_available": False,
        "local_model_available": True,
        "model": LOCAL,
    }


async def test_batch_keeps_the_order_of_its_texts(start: Start, http: httpx.AsyncClient):
    url = await start()
    texts = ["impediment " * n for n in (30, 1, 12)]
    response = await http.post(f"{url}/embed/batch", json={"texts": texts})
    batch = response.json()
    assert batch.keys() == {"embeddings", "count", "dimensions", "model", "total_time_ms"}
    assert (batch["count"], batch["dimensions"], batch["model"]) == (3, 1024, LOCAL)
    for text, vector in zip(texts, batch["embeddings"], strict=True):
        assert vector == pytest.approx((await embed(http, url, text))["embedding"], abs=1e-5)


async def test_ollama_is_preferred_while_it_answers(
    start: Start, ollama: Ollama, http: httpx.AsyncClient
):
    url = await start(ollama_url=ollama.url)
    served = await embed(http, url)
    assert served["model"] == REMOTE
    assert served["embedding"] == [number / 2 for number in direction(TEXT)]
    assert ollama.requests[0]["model"] == "mxbai-embed-large"
    assert ollama.requests[0]["input"] == [TEXT]
    health = (await http.get(f"{url}/health")).json()
    assert (health["ollama_available"], health["model"]) == (True, REMOTE)


async def test_largest_batch_reaches_ollama_in_small_calls(
    start: Start, ollama: Ollama, http: httpx.AsyncClient
):
    url = await start(ollama_url=ollama.url, ollama_budget_seconds=30, local_model=False)
    texts = ["ж" * (10_000 - n) for n in range(256)]
    response = await http.post(f"{url}/embed/batch", json={"texts": texts})
    assert response.status_code == 200, response.text
    found = [vector.index(1.0) for vector in response.json()["embeddings"]]
    assert found == [len(text) % 1024 for text in texts]
    assert [len(request["input"]) for request in ollama.requests] == [8] * 32


@pytest.mark.parametrize("fault", FAULTS)
async def test_bad_answer_of_ollama_is_replaced_by_the_local_model(
    fault: str, start: Start, ollama: Ollama, http: httpx.AsyncClient
):
    url = await start(ollama_url=ollama.url)
    reason, ollama.fault = FAULTS[fault]
    assert (await embed(http, url))["model"] == LOCAL
    usage = await metrics(http, url)
    assert (usage["total_requests"], usage["ollama_errors"]) == (1, 1)
    text = (await http.get(f"{url}/metrics", headers={"Accept": "text/plain"})).text
    assert f'dsm_embedding_ollama_errors_total{{reason="{reason}"}} 1.0' in text


@pytest.mark.parametrize("fault", FAULTS)
async def test_bad_answer_of_ollama_is_a_503_without_a_local_model(
    fault: str, start: Start, ollama: Ollama, http: httpx.AsyncClient
):
    url = await start(ollama_url=ollama.url, local_model=False)
    reason, ollama.fault = FAULTS[fault]
    response = await http.post(f"{url}/embed", json={"text": TEXT})
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["retry-after"] == "1"
    assert response.json()["reason"] == reason
    assert (await metrics(http, url))["ollama_errors"] == 1


async def test_slow_ollama_is_given_up_on(start: Start, ollama: Ollama, http: httpx.AsyncClient):
    url = await start(ollama_url=ollama.url)
    ollama.hanging = True
    assert (await embed(http, url))["model"] == LOCAL
    assert (await embed(http, url))["model"] == LOCAL
    assert len(ollama.requests) == 1  # the second request no longer asks it
    assert (await metrics(http, url))["ollama_errors"] == 1


async def test_batch_is_served_by_one_model_when_ollama_fails_half_way(
    start: Start, ollama: Ollama, http: httpx.AsyncClient
):
    url = await start(ollama_url=ollama.url)
    ollama.fault = lambda _: Response("", 500) if len(ollama.requests) == 2 else None
    texts = [f"task {n}" for n in range(20)]
    batch = (await http.post(f"{url}/embed/batch", json={"texts": texts})).json()
    assert len(ollama.requests) == 2
    assert (batch["model"], batch["count"]) == (LOCAL, 20)
    assert not any(any(vector[384:]) for vector in batch["embeddings"])


async def test_ollama_is_used_again_after_a_failure(
    start: Start, ollama: Ollama, http: httpx.AsyncClient
):
    url = await start(ollama_url=ollama.url, recheck_seconds=0.05)
    ollama.fault = lambda _: Response("", 500)
    assert (await embed(http, url))["model"] == LOCAL
    ollama.fault = None
    assert (await until_ollama_is(True, http, url))["model"] == REMOTE
    assert (await embed(http, url))["model"] == REMOTE


async def test_ollama_that_comes_and_goes_is_followed(start: Start, http: httpx.AsyncClient):
    fake = Ollama()
    url = await start(ollama_url=fake.url, recheck_seconds=0.05)
    assert (await embed(http, url))["model"] == LOCAL
    async with serving(fake.app, fake.port):
        await until_ollama_is(True, http, url)
        assert (await embed(http, url))["model"] == REMOTE
    assert (await embed(http, url))["model"] == LOCAL  # refused, or already known to be gone
    await until_ollama_is(False, http, url)


async def test_without_any_model_everything_says_so(start: Start, http: httpx.AsyncClient):
    url = await start(local_model=False)
    for path, body in (("/embed", {"text": TEXT}), ("/embed/batch", {"texts": [TEXT]})):
        response = await http.post(url + path, json=body)
        assert response.status_code == 503
        assert response.headers["content-type"] == "application/problem+json"
    health = await http.get(f"{url}/health")
    assert (health.status_code, health.json()["status"]) == (503, "unhealthy")
    assert health.json()["model"] is None
    ready = await http.get(f"{url}/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (503, "not_ready")


async def test_readiness_has_the_shape_of_every_service(start: Start, http: httpx.AsyncClient):
    ready = await http.get(f"{await start()}/health/ready")
    assert ready.status_code == 200
    assert {**ready.json(), "timestamp": None} == {
        "service": "embedding-service",
        "status": "ready",
        "external_apis": {"embedding_model": "ok"},
        "timestamp": None,
    }


async def test_metrics_are_null_before_the_first_request(start: Start, http: httpx.AsyncClient):
    url = await start()
    assert await metrics(http, url) == {
        "total_requests": 0,
        "avg_latency_ms": None,
        "p95_latency_ms": None,
        "ollama_errors": 0,
    }
    await embed(http, url)
    usage = await metrics(http, url)
    assert usage["total_requests"] == 1
    assert usage["avg_latency_ms"] == usage["p95_latency_ms"] > 0


async def test_metrics_are_prometheus_text_when_asked_for(start: Start, http: httpx.AsyncClient):
    url = await start()
    await embed(http, url)
    prometheus = {"Accept": "application/openmetrics-text;q=0.75,text/plain;version=0.0.4;q=0.5"}
    response = await http.get(f"{url}/metrics", headers=prometheus)
    assert response.headers["content-type"].startswith("text/plain")
    assert f'dsm_embedding_texts_total{{model="{LOCAL}"}} 1.0' in response.text
    assert "dsm_http_requests_total" in response.text


INVALID: dict[str, tuple[str, bytes]] = {
    "empty text": ("/embed", b'{"text": ""}'),
    "blank text": ("/embed", b'{"text": " \\n\\t "}'),
    "no text": ("/embed", b"{}"),
    "number": ("/embed", b'{"text": 5}'),
    "null": ("/embed", b'{"text": null}'),
    "NUL": ("/embed", b'{"text": "a\\u0000b"}'),
    "lone surrogate": ("/embed", b'{"text": "a\\ud800b"}'),
    "too long": ("/embed", json.dumps({"text": "x" * 10_001}).encode()),
    "unknown field": ("/embed", b'{"text": "a", "model": "b"}'),
    "not JSON": ("/embed", b"text"),
    "no texts": ("/embed/batch", b'{"texts": []}'),
    "one blank of two": ("/embed/batch", b'{"texts": ["a", " "]}'),
    "too many": ("/embed/batch", json.dumps({"texts": ["a"] * 257}).encode()),
    "texts is a text": ("/embed/batch", b'{"texts": "a"}'),
}


@pytest.mark.parametrize("name", INVALID)
async def test_invalid_input_is_a_400_that_reaches_no_model(
    name: str, start: Start, http: httpx.AsyncClient
):
    path, body = INVALID[name]
    url = await start()
    headers = {"Content-Type": "application/json"}
    response = await http.post(url + path, content=body, headers=headers)
    assert response.status_code == 400, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert (await metrics(http, url))["total_requests"] == 0


async def test_longest_text_is_accepted(start: Start, http: httpx.AsyncClient):
    assert (await embed(http, await start(), "word " * 2000))["model"] == LOCAL


async def test_client_speaks_every_route(start: Start):
    url = await start()
    async with open_http(EmbeddingSettings(auth=AUTH)) as http:
        client = EmbeddingClient(http, url)
        one = await client.embed(schema.EmbedRequest(text=TEXT))
        two = await client.embed_batch(schema.BatchRequest(texts=[TEXT, "other"]), timeout=5)
        assert two.embeddings[0] == pytest.approx(one.embedding, abs=1e-5)
        assert (await client.health()).model == one.model == LOCAL
        assert (await client.metrics()).total_requests == 2
        with pytest.raises(PeerRefused) as refusal:
            await client.embed(schema.EmbedRequest.model_construct(text=""))
        assert refusal.value.peer_status == 400


async def test_client_names_the_outage(start: Start):
    url = await start(local_model=False)
    async with open_http(EmbeddingSettings(auth=AUTH)) as http:
        with pytest.raises(Unavailable):
            await EmbeddingClient(http, url).embed(schema.EmbedRequest(text=TEXT))


class Scripted(RemoteEngine):
    """A remote model whose probes hang and whose texts fail, as told."""

    name = "scripted"

    def __init__(self) -> None:
        self.probing = asyncio.Event()
        self.answering = asyncio.Event()
        self.probes = 0

    async def probe(self) -> None:
        self.probes += 1
        self.probing.set()
        await self.answering.wait()

    async def embed(self, texts: Any) -> list[list[float]]:
        raise EngineFailed("timeout", f"no answer to {len(texts)} texts")


class Constant(Engine):
    name = "constant"

    async def embed(self, texts: Any) -> list[list[float]]:
        return [direction(text) for text in texts]


async def test_requests_do_not_wait_for_a_hanging_probe():
    remote = Scripted()
    selection = Selection(remote, Constant(), recheck_seconds=600, on_failure=lambda _: None)
    watching = asyncio.create_task(selection.loop().run())
    await remote.probing.wait()
    assert (await selection.embed([TEXT])).model == "constant"
    assert not selection.ollama_available
    watching.cancel()


async def test_failure_is_counted_once_and_probed_again():
    remote = Scripted()
    remote.answering.set()
    failures: list[EngineFailed] = []
    selection = Selection(remote, Constant(), recheck_seconds=600, on_failure=failures.append)
    watching = asyncio.create_task(selection.loop().run())
    await selection.probed.wait()
    remote.probing.clear()
    remote.answering.clear()
    assert (await selection.embed([TEXT])).model == "constant"
    assert (await selection.embed([TEXT])).model == "constant"
    assert [failure.reason for failure in failures] == ["timeout"]
    async with asyncio.timeout(20):
        await remote.probing.wait()
    assert remote.probes == 2
    watching.cancel()


def test_pause_doubles_with_failures_in_a_row():
    assert [pause_seconds(failures, 30) for failures in (1, 2, 3, 6, 5000)] == [1, 2, 4, 30, 30]


def test_latencies_are_those_of_the_last_thousand_requests():
    usage = UsageRecord(CollectorRegistry())
    usage.count_served("m", 1, 3600)
    for milliseconds in range(1, 1001):
        usage.count_request()
        usage.count_served("m", 1, milliseconds / 1000)
    summary = usage.summarise()
    assert summary.total_requests == 1000
    assert summary.avg_latency_ms == pytest.approx(500.5)
    assert summary.p95_latency_ms == pytest.approx(950)
