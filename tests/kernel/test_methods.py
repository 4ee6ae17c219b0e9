"""HEAD answers as GET without its body, OPTIONS and 405 name the methods of an address."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.conftest import ADMIN_KEY, SERVICE_KEY, VIEWER_KEY
from tests.kernel.raw_http import Service, request, service

READ = ["/things/a", "/docs", "/docs/start.js", "/docs/swagger-ui.css", "/openapi.json"]
OPEN = ["/health", "/health/serving", "/metrics"]


@pytest.fixture
async def served() -> AsyncIterator[Service]:
    async with service() as started:
        yield started


@pytest.fixture
async def client(served: Service) -> AsyncIterator[httpx.AsyncClient]:
    url = f"http://127.0.0.1:{served.port}"
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        yield http


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize("path", [*READ, *OPEN, "/nowhere"])
async def test_head_answers_as_get_without_its_body(client: httpx.AsyncClient, path: str) -> None:
    get = await client.get(path, headers=bearer(VIEWER_KEY))
    head = await client.head(path, headers=bearer(VIEWER_KEY))
    assert (head.status_code, head.content) == (get.status_code, b"")
    varying = {"date", "x-request-id"} | ({"content-length"} if path == "/metrics" else set())
    assert {n: v for n, v in head.headers.items() if n not in varying} == {
        n: v for n, v in get.headers.items() if n not in varying
    }
    assert int(head.headers["content-length"]) > 0


async def test_bytes_behind_the_head_are_the_next_answer(served: Service) -> None:
    peer = await served.connect()
    await peer.send(request("HEAD", "/things/a"))
    first = await peer.reader.readuntil(b"\r\n\r\n")
    assert b"content-length: 3" in first
    await peer.send(request("GET", "/things/b"))
    assert (await peer.answer()).body == b'"b"'


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/things/a", "GET, HEAD, OPTIONS, PUT"),
        ("/echo", "OPTIONS, POST"),
        ("/health", "GET, HEAD, OPTIONS"),
        ("/metrics", "GET, HEAD, OPTIONS"),
        ("/docs", "GET, HEAD, OPTIONS"),
        ("/openapi.json", "GET, HEAD, OPTIONS"),
    ],
)
async def test_options_and_405_name_the_methods(
    client: httpx.AsyncClient, path: str, allow: str
) -> None:
    answer = await client.options(path, headers=bearer(VIEWER_KEY))
    assert (answer.status_code, answer.content, answer.headers["allow"]) == (204, b"", allow)
    assert "content-length" not in answer.headers
    assert not [name for name in answer.headers if name.startswith("access-control")]
    refused = await client.delete(path, headers=bearer(ADMIN_KEY))
    assert (refused.status_code, refused.headers.get_list("allow")) == (405, [allow])


async def test_permission_is_that_of_get(client: httpx.AsyncClient) -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        answer = await client.request(method, "/things/a")
        assert answer.status_code == 401, method
        answer = await client.request(method, "/things/a", headers=bearer(SERVICE_KEY))
        assert answer.status_code == 403, method
        assert (await client.request(method, "/health")).status_code in (200, 204)
        answer = await client.request(method, "/nowhere", headers=bearer(VIEWER_KEY))
        assert answer.status_code == 404, method


async def test_head_is_counted_as_head(client: httpx.AsyncClient) -> None:
    await client.head("/things/a", headers=bearer(VIEWER_KEY))
    metrics = (await client.get("/metrics")).text
    counted = 'dsm_http_requests_total{method="HEAD",route="/things/{name}",status="200"} 1.0'
    assert counted in metrics
