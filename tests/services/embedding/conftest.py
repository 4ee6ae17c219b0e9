"""Embedding service over HTTP, alone or with a server in Ollama's place."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from domain_services.embedding.app import create_app
from domain_services.embedding.settings import EmbeddingSettings
from tests.conftest import AUTH, serving
from tests.ports import free_port
from tests.services.embedding.ollama_double import OllamaDouble

LOCAL = "all-MiniLM-L6-v2"
REMOTE = "mxbai-embed-large:latest"
TEXT = "Project TEST-001: 10 backlog tasks, team size 5, velocity 2.5"
Start = Callable[..., Awaitable[str]]


@pytest.fixture
async def ollama() -> AsyncIterator[OllamaDouble]:
    double = OllamaDouble()
    async with serving(double.app, double.port):
        yield double
        double.released.set()


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Serve the embedding service: `url = await start(local_model=False, ...)`."""
    async with AsyncExitStack() as stack:

        async def serve_service(**models: Any) -> str:
            models = {"ollama_budget_seconds": 0.3, "recheck_seconds": 600, **models}
            port = free_port()
            settings = EmbeddingSettings(port=port, auth=AUTH, embedding=models)
            return await stack.enter_async_context(serving(create_app(settings), port))

        yield serve_service


@pytest.fixture
def start_with_ollama(start: Start, ollama: OllamaDouble, http: httpx.AsyncClient) -> Start:
    """Serve the embedding service, and return once it uses the server in Ollama's place."""

    async def serve_and_wait(**models: Any) -> str:
        url = await start(ollama_url=ollama.url, **models)
        # The service waits two seconds for the first probe: a busy machine takes longer.
        await wait_for_ollama(True, http, url)
        return url

    return serve_and_wait


async def embed(http: httpx.AsyncClient, url: str, text: str = TEXT) -> dict[str, Any]:
    """Embed one text, and return the answer."""
    response = await http.post(f"{url}/embed", json={"text": text})
    assert response.status_code == 200, response.text
    return response.json()


async def read_metrics(http: httpx.AsyncClient, url: str) -> dict[str, Any]:
    """Read the metrics as JSON."""
    return (await http.get(f"{url}/metrics")).json()


async def wait_for_ollama(available: bool, http: httpx.AsyncClient, url: str) -> dict[str, Any]:
    """Wait until the service uses Ollama or not, and return its health."""
    async with asyncio.timeout(20):
        while True:
            health = (await http.get(f"{url}/health")).json()
            if health["ollama_available"] is available:
                return health
            await asyncio.sleep(0.01)
