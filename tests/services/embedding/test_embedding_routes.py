"""Routes of the embedding service with the local model, and without any."""

import json
import math

import httpx
import pytest
from prometheus_client import CollectorRegistry

from domain_services.embedding import schema
from domain_services.embedding.client import EmbeddingClient
from domain_services.embedding.logic import UsageRecord
from domain_services.embedding.settings import EmbeddingSettings
from domain_services.kernel.client.http_client import PeerRefused, open_http
from domain_services.kernel.errors import Unavailable
from tests.conftest import AUTH
from tests.services.embedding.conftest import LOCAL, TEXT, Start, embed, read_metrics


async def test_local_model_serves_without_ollama(start: Start, http: httpx.AsyncClient) -> None:
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


async def test_batch_keeps_the_order_of_its_texts(start: Start, http: httpx.AsyncClient) -> None:
    url = await start()
    texts = ["impediment " * n for n in (30, 1, 12)]
    response = await http.post(f"{url}/embed/batch", json={"texts": texts})
    batch = response.json()
    assert batch.keys() == {"embeddings", "count", "dimensions", "model", "total_time_ms"}
    assert (batch["count"], batch["dimensions"], batch["model"]) == (3, 1024, LOCAL)
    for text, vector in zip(texts, batch["embeddings"], strict=True):
        assert vector == pytest.approx((await embed(http, url, text))["embedding"], abs=1e-5)


async def test_every_route_answers_503_without_a_model(
    start: Start, http: httpx.AsyncClient
) -> None:
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


async def test_readiness_is_answered_as_by_every_service(
    start: Start, http: httpx.AsyncClient
) -> None:
    ready = await http.get(f"{await start()}/health/ready")
    assert ready.status_code == 200
    assert {**ready.json(), "timestamp": None} == {
        "service": "embedding-service",
        "status": "ready",
        "external_apis": {"embedding_model": "ok"},
        "timestamp": None,
    }


async def test_metrics_are_null_before_the_first_request(
    start: Start, http: httpx.AsyncClient
) -> None:
    url = await start()
    assert await read_metrics(http, url) == {
        "total_requests": 0,
        "avg_latency_ms": None,
        "p95_latency_ms": None,
        "ollama_errors": 0,
    }
    await embed(http, url)
    usage = await read_metrics(http, url)
    assert usage["total_requests"] == 1
    assert usage["avg_latency_ms"] == usage["p95_latency_ms"] > 0


async def test_accept_header_selects_prometheus_text(start: Start, http: httpx.AsyncClient) -> None:
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
async def test_invalid_input_is_answered_400_and_reaches_no_model(
    name: str, start: Start, http: httpx.AsyncClient
) -> None:
    path, body = INVALID[name]
    url = await start()
    headers = {"Content-Type": "application/json"}
    response = await http.post(url + path, content=body, headers=headers)
    assert response.status_code == 400, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert (await read_metrics(http, url))["total_requests"] == 0


async def test_longest_text_is_accepted(start: Start, http: httpx.AsyncClient) -> None:
    assert (await embed(http, await start(), "word " * 2000))["model"] == LOCAL


async def test_client_calls_every_route(start: Start) -> None:
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


async def test_client_raises_unavailable_without_a_model(start: Start) -> None:
    url = await start(local_model=False)
    async with open_http(EmbeddingSettings(auth=AUTH)) as http:
        with pytest.raises(Unavailable):
            await EmbeddingClient(http, url).embed(schema.EmbedRequest(text=TEXT))


def test_latencies_are_those_of_the_last_thousand_requests() -> None:
    usage = UsageRecord(CollectorRegistry())
    usage.count_served("m", 1, 3600)
    for milliseconds in range(1, 1001):
        usage.count_request()
        usage.count_served("m", 1, milliseconds / 1000)
    summary = usage.summarise()
    assert summary.total_requests == 1000
    assert summary.avg_latency_ms == pytest.approx(500.5)
    assert summary.p95_latency_ms == pytest.approx(950)
