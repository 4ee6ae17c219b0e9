"""Use of Ollama: its good answers are preferred, its faults are replaced by the local model."""

import httpx
import pytest
from fastapi import Response

from tests.conftest import serving
from tests.services.embedding.conftest import (
    LOCAL,
    REMOTE,
    TEXT,
    Start,
    embed,
    read_metrics,
    wait_for_ollama,
)
from tests.services.embedding.ollama_double import FAULTS, OllamaDouble, vector_of


async def test_ollama_is_preferred_while_it_answers(
    start_with_ollama: Start, ollama: OllamaDouble, http: httpx.AsyncClient
) -> None:
    url = await start_with_ollama()
    served = await embed(http, url)
    assert served["model"] == REMOTE
    assert served["embedding"] == [number / 2 for number in vector_of(TEXT)]
    assert ollama.requests[0]["model"] == "mxbai-embed-large"
    assert ollama.requests[0]["input"] == [TEXT]
    health = (await http.get(f"{url}/health")).json()
    assert (health["ollama_available"], health["model"]) == (True, REMOTE)


async def test_largest_batch_reaches_ollama_in_small_calls(
    start_with_ollama: Start, ollama: OllamaDouble, http: httpx.AsyncClient
) -> None:
    url = await start_with_ollama(ollama_budget_seconds=30, local_model=False)
    texts = ["ж" * (10_000 - n) for n in range(256)]
    response = await http.post(f"{url}/embed/batch", json={"texts": texts})
    assert response.status_code == 200, response.text
    lengths = [vector.index(1.0) for vector in response.json()["embeddings"]]
    assert lengths == [len(text) % 1024 for text in texts]
    assert [len(request["input"]) for request in ollama.requests] == [8] * 32


@pytest.mark.parametrize("fault", FAULTS)
async def test_bad_answer_of_ollama_is_replaced_by_the_local_model(
    fault: str, start_with_ollama: Start, ollama: OllamaDouble, http: httpx.AsyncClient
) -> None:
    url = await start_with_ollama()
    reason, ollama.fault = FAULTS[fault]
    assert (await embed(http, url))["model"] == LOCAL
    usage = await read_metrics(http, url)
    assert (usage["total_requests"], usage["ollama_errors"]) == (1, 1)
    text = (await http.get(f"{url}/metrics", headers={"Accept": "text/plain"})).text
    assert f'dsm_embedding_ollama_errors_total{{reason="{reason}"}} 1.0' in text


@pytest.mark.parametrize("fault", FAULTS)
async def test_bad_answer_of_ollama_is_answered_503_without_a_local_model(
    fault: str, start_with_ollama: Start, ollama: OllamaDouble, http: httpx.AsyncClient
) -> None:
    url = await start_with_ollama(local_model=False)
    reason, ollama.fault = FAULTS[fault]
    response = await http.post(f"{url}/embed", json={"text": TEXT})
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["retry-after"] == "1"
    assert response.json()["reason"] == reason
    assert (await read_metrics(http, url))["ollama_errors"] == 1


async def test_slow_ollama_is_replaced_by_the_local_model(
    start_with_ollama: Start, ollama: OllamaDouble, http: httpx.AsyncClient
) -> None:
    url = await start_with_ollama()
    ollama.hanging = True
    assert (await embed(http, url))["model"] == LOCAL
    assert (await embed(http, url))["model"] == LOCAL
    assert len(ollama.requests) == 1  # the second request no longer asks it
    assert (await read_metrics(http, url))["ollama_errors"] == 1


async def test_batch_is_served_by_one_model_when_ollama_fails_half_way(
    start_with_ollama: Start, ollama: OllamaDouble, http: httpx.AsyncClient
) -> None:
    url = await start_with_ollama()
    ollama.fault = lambda _: Response("", 500) if len(ollama.requests) == 2 else None
    texts = [f"task {n}" for n in range(20)]
    batch = (await http.post(f"{url}/embed/batch", json={"texts": texts})).json()
    assert len(ollama.requests) == 2
    assert (batch["model"], batch["count"]) == (LOCAL, 20)
    assert not any(any(vector[384:]) for vector in batch["embeddings"])


async def test_ollama_is_used_again_after_a_failure(
    start_with_ollama: Start, ollama: OllamaDouble, http: httpx.AsyncClient
) -> None:
    url = await start_with_ollama(recheck_seconds=0.05)
    ollama.fault = lambda _: Response("", 500)
    assert (await embed(http, url))["model"] == LOCAL
    ollama.fault = None
    assert (await wait_for_ollama(True, http, url))["model"] == REMOTE
    assert (await embed(http, url))["model"] == REMOTE


async def test_ollama_is_used_whenever_it_is_up(start: Start, http: httpx.AsyncClient) -> None:
    fake = OllamaDouble()
    url = await start(ollama_url=fake.url, recheck_seconds=0.05)
    assert (await embed(http, url))["model"] == LOCAL
    async with serving(fake.app, fake.port):
        await wait_for_ollama(True, http, url)
        assert (await embed(http, url))["model"] == REMOTE
    assert (await embed(http, url))["model"] == LOCAL  # refused, or already known to be gone
    await wait_for_ollama(False, http, url)
