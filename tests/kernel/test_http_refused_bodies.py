"""A refusal is seen by ordinary clients that send a large body, which is not read to its end."""

import asyncio
import http.client
import subprocess
import urllib.error
import urllib.request

import httpx
import pytest

from tests.conftest import ADMIN_KEY, VIEWER_KEY
from tests.kernel.raw_http import Service, of_length, service

OVER = b'{"a": "' + b"x" * 3_000_000 + b'"}'
REFUSED = [
    ("no known key", "/echo", "unknown", "application/json", 401),
    ("a reader", "/echo", VIEWER_KEY, "application/json", 403),
    ("no JSON", "/echo", ADMIN_KEY, "text/plain", 415),
    ("too large", "/echo", ADMIN_KEY, "application/json", 413),
    ("open", "/health", ADMIN_KEY, "application/json", 405),
    ("metrics", "/metrics", ADMIN_KEY, "application/json", 405),
    ("page", "/docs", ADMIN_KEY, "application/json", 413),
]


@pytest.mark.parametrize("client", ["urllib", "http.client", "httpx", "curl", "sockets"])
@pytest.mark.parametrize(("case", "path", "key", "kind", "status"), REFUSED)
async def test_refusal_of_a_large_body_is_seen(
    case: str, path: str, key: str, kind: str, status: int, client: str
) -> None:
    most_bytes = 10_000_000 if case == "no JSON" else 1_000_000
    async with service(max_body_bytes=most_bytes) as served:
        url = f"http://127.0.0.1:{served.port}{path}"
        headers = {"Authorization": f"Bearer {key}", "Content-Type": kind}
        for _ in range(3):
            assert await _post(client, url, headers, served) == status


async def _post(client: str, url: str, headers: dict[str, str], served: Service) -> int:
    if client == "httpx":
        async with httpx.AsyncClient(timeout=30) as session:
            return (await session.post(url, content=OVER, headers=headers)).status_code
    if client == "sockets":
        peer = await served.connect()
        lines = [f"{name}: {value}" for name, value in headers.items()]
        path = "/" + url.split("/", 3)[3]
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(OVER)}\r\n"
        await peer.send((head + "\r\n".join(lines) + "\r\n\r\n").encode(), OVER)
        assert not peer.is_cut
        answer = await peer.answer()
        assert answer.headers["connection"] == "close"
        return answer.status
    call = {"urllib": _urllib, "http.client": _http_client, "curl": _curl}[client]
    return await asyncio.to_thread(call, url, headers)


def _urllib(url: str, headers: dict[str, str]) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, OVER, headers), timeout=30) as done:
            return done.status
    except urllib.error.HTTPError as error:
        error.read()
        return error.code


def _http_client(url: str, headers: dict[str, str]) -> int:
    _, _, host, path = url.split("/", 3)
    link = http.client.HTTPConnection(host, timeout=30)
    link.request("POST", f"/{path}", OVER, headers)
    answer = link.getresponse()
    answer.read()
    link.close()
    return answer.status


def _curl(url: str, headers: dict[str, str]) -> int:
    options = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--data-binary", "@-", url]
    # Without the pause in which curl waits for 100 Continue.
    run = subprocess.run(
        [*command, *options, "-H", "Expect:"],
        input=OVER,
        capture_output=True,
        timeout=60,
        check=True,
    )
    return int(run.stdout)


async def test_endless_body_is_cut_off() -> None:
    async with service({"linger_bytes": 1_000_000}) as served:
        peer = await served.connect()
        await peer.send(of_length(900_000_000))
        pouring = asyncio.create_task(peer.pour(b"1" * 65_536, 100_000_000))
        assert (await peer.answer()).status == 413
        assert await pouring < 50_000_000
        assert peer.is_cut


async def test_peer_that_sends_on_slowly_is_cut_off() -> None:
    async with service({"linger_seconds": 0.3}) as served:
        peer = await served.connect()
        await peer.send(of_length(900_000_000))
        assert (await peer.answer()).status == 413
        async with asyncio.timeout(30):
            while not peer.is_cut:
                await peer.send(b"1")
                await asyncio.sleep(0.02)


async def test_expected_continue_is_given_only_for_a_body_that_is_taken() -> None:
    async with service() as served:
        peer = await served.connect()
        await peer.send(of_length(3_000_000, "Expect: 100-continue"))
        assert (await peer.answer()).status == 413
        assert await peer.is_closed()
        peer = await served.connect()
        await peer.send(of_length(2, "Expect: 100-continue"))
        assert (await peer.answer()).status == 100
        await peer.send(b"{}")
        assert (await peer.answer()).status == 200
