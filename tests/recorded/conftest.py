"""Recorded HTTP: cassettes answer in place of a server, and refuse every other request.

`make test` records nothing. `pytest tests/recorded --record-mode=rewrite` records again, from the
double of ollama_double.py, or from a real Ollama that DSM_RECORD_OLLAMA_URL names.
"""

import json
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest
from httpx_aiohttp import AiohttpTransport

from domain_services.embedding.engines.ollama import Ollama
from tests.conftest import serving
from tests.ports import free_port
from tests.recorded.ollama_double import OllamaDouble

ADDRESS = "ollama.test:11434"
REAL_OLLAMA = "DSM_RECORD_OLLAMA_URL"


def real_ollama(record_mode: str) -> str | None:
    """Return the URL of a real Ollama to record from; None: a double, or the cassettes."""
    return None if record_mode == "none" else os.environ.get(REAL_OLLAMA) or None


def _without_address(request: Any) -> Any:
    address = urlsplit(request.uri)
    request.uri = urlunsplit(address._replace(scheme="http", netloc=ADDRESS))
    return request


def _without_headers(response: dict[str, Any]) -> dict[str, Any]:
    headers = {
        name: value for name, value in response["headers"].items() if name.lower() == "content-type"
    }
    return response | {"headers": headers}


# The address differs between runs and machines; the other headers would name the recording one.
CASSETTES: dict[str, Any] = {
    "match_on": ["method", "path", "query", "body"],
    "filter_headers": [
        "authorization",
        "host",
        "user-agent",
        "content-length",
        "accept-encoding",
        "connection",
    ],
    "before_record_request": _without_address,
    "before_record_response": _without_headers,
}


@pytest.fixture(scope="module")
def vcr_config() -> dict[str, Any]:
    return CASSETTES


@dataclass
class RecordingTransport(httpx.AsyncBaseTransport):
    """Transport that records the requests of this run; a cassette shows those of its recording."""

    sent: list[tuple[str, str, Any]] = field(default_factory=list[tuple[str, str, Any]])
    inner: httpx.AsyncBaseTransport = field(default_factory=AiohttpTransport)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(await request.aread())
        self.sent.append((request.method, request.url.path, body))
        return await self.inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self.inner.aclose()


@pytest.fixture
def transport() -> RecordingTransport:
    return RecordingTransport()


@pytest.fixture
async def ollama(
    request: pytest.FixtureRequest, record_mode: str, transport: RecordingTransport
) -> AsyncIterator[Ollama]:
    """Open the adapter on a cassette; while recording, on a double with the fixture's parameter."""
    port, real = free_port(), real_ollama(record_mode)
    url = real or f"http://127.0.0.1:{port}"
    adapter = Ollama(url, budget_seconds=5, transport=transport)
    try:
        if record_mode == "none" or real:
            yield adapter
        else:
            double = OllamaDouble(getattr(request, "param", 1024))
            async with serving(double.app, port):
                yield adapter
    finally:
        await adapter.close()


@pytest.fixture(autouse=True)
def nothing_unplayed(request: pytest.FixtureRequest, record_mode: str) -> Iterator[None]:
    """Fail a test that leaves part of its cassette unplayed: nobody would miss a lost request."""
    marked = request.node.get_closest_marker("vcr") is not None
    cassette = request.getfixturevalue("vcr") if marked else None
    yield
    if cassette is not None and record_mode == "none":
        assert cassette.all_played, "record again: this cassette has calls that are not made"
