"""A peer is cut off at stated limits, before any key is checked; ordinary clients see answers."""

import asyncio
import http.client
import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterable

import httpx
import pytest

from tests.conftest import ADMIN_KEY, OPERATOR_KEY, VIEWER_KEY
from tests.kernel.raw_http import Answer, Peer, Service, request, service

LIMITED = {"header_bytes": 4096, "headers": 20, "linger_bytes": 1_000_000}
PATHS = ["/echo", "/health", "/health/ready", "/metrics", "/docs", "/nowhere"]


def chunked(path: str = "/echo") -> bytes:
    return request(path=path, headers=["Transfer-Encoding: chunked"])


def of_length(count: int, *more: str, path: str = "/echo", key: str = ADMIN_KEY) -> bytes:
    return request(path=path, headers=[f"Content-Length: {count}", *more], key=key)


ENDLESS = {
    "one header": (b"GET {} HTTP/1.1\r\nHost: x\r\nX-A: ", b"a" * 1000, 431),
    "a header's name": (b"GET {} HTTP/1.1\r\nHost: x\r\nX-", b"a" * 1000, 431),
    "short headers": (b"GET {} HTTP/1.1\r\nHost: x\r\n", b"A: b\r\n" * 4, 431),
    "a request line": (b"GET {}?", b"a" * 1000, 431),
    "a method": (b"", b"A" * 1000, 400),
    "empty lines": (b"", b"\r\n" * 500, 431),
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", ENDLESS)
async def test_endless_head_is_cut_off(kind: str, path: str) -> None:
    """Without a key, on every kind of address."""
    start, more, status = ENDLESS[kind]
    async with service(LIMITED) as served:
        peer = await served.connect()
        await peer.send(start.replace(b"{}", path.encode()))
        pouring = asyncio.create_task(peer.pour(more, 20_000_000))
        answer = await peer.answer()
        assert (answer.status, answer.headers["connection"]) == (status, "close")
        assert answer.headers["content-type"] == "application/problem+json"
        # Read on and dropped for a while, and not for longer.
        assert await pouring < 20_000_000
        assert peer.is_cut
        assert served.refused("linger_bytes") == 1


@pytest.mark.parametrize("size", [1, 7, 1000, 1_000_000])
async def test_head_is_counted_in_any_pieces(size: int) -> None:
    fits = request("GET", "/things/a", ["X-A: " + "a" * 3000, "X-B: b"])
    exceeds = request("GET", "/things/a", ["X-A: " + "a" * 4000, "X-B: b"])
    async with service(LIMITED) as served:
        for head, status in ((fits, 200), (exceeds, 431)):
            peer = await served.connect()
            for start in range(0, len(head), size):
                await peer.send(head[start : start + size])
                await asyncio.sleep(0)
            assert (await peer.answer()).status == status
        assert served.refused("header_bytes") == 1


async def test_headers_are_counted() -> None:
    async with service(LIMITED) as served:
        for count, status in ((20 - 3, 200), (21 - 3, 431)):
            peer = await served.connect()
            await peer.send(request("GET", "/things/a", [f"X-{n}: a" for n in range(count)]))
            assert (await peer.answer()).status == status, count
        assert served.refused("header_count") == 1


@pytest.mark.parametrize("extra", ["extension", "trailer", "sizes"])
async def test_framing_of_a_chunked_body_is_bounded(extra: str) -> None:
    start, more = {
        "extension": (b"1;a=", b"b" * 1000),
        "trailer": (b"1\r\n1\r\n0\r\n", b"A: b\r\n" * 200),
        "sizes": (b"", b"0" * 1000),
    }[extra]
    async with service(LIMITED) as served:
        peer = await served.connect()
        await peer.send(chunked(), start)
        pouring = asyncio.create_task(peer.pour(more, 20_000_000))
        assert (await peer.answer()).status in (400, 431)
        assert await pouring < 20_000_000
        assert served.refused("chunk_framing") + served.refused("malformed") == 1


async def test_ordinary_chunks_and_a_trailer_are_read() -> None:
    """The trailer's field is not taken for a header."""
    parts = [b"1;a=b\r\n1\r\n"] * 900
    async with service(LIMITED) as served:
        peer = await served.connect()
        await peer.send(chunked(), *parts, b"0\r\nX-Trailer: a\r\n\r\n")
        answer = await peer.answer()
        assert (answer.status, json.loads(answer.body)) == (200, {"bytes": 900, "trailer": None})


async def test_head_that_comes_too_slowly_is_ended() -> None:
    async with service({"header_seconds": 0.3}) as served:
        peer = await served.connect()
        head = request("GET", "/things/a")
        sending = asyncio.create_task(_trickle(peer, head))
        answer = await peer.answer()
        assert answer.status == 408
        assert await peer.is_closed()
        assert served.refused("header_deadline") == 1
        sending.cancel()


async def _trickle(peer: Peer, head: bytes) -> None:
    for byte in head:
        await peer.send(bytes([byte]))
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("is_used", [False, True])
async def test_silent_connection_is_closed(is_used: bool) -> None:
    async with service({"idle_seconds": 0.2}) as served:
        peer = await served.connect()
        if is_used:
            await peer.send(request("GET", "/things/a"))
            assert (await peer.answer()).status == 200
        assert await peer.is_closed()
        assert served.refused("unread_answer") == 0


async def test_request_may_take_longer_than_an_idle_connection() -> None:
    async with service({"idle_seconds": 0.1, "header_seconds": 0.1}) as served:
        peer = await served.connect()
        head = request("GET", "/gate")
        await peer.send(head[:20])
        await asyncio.sleep(0.02)
        await peer.send(head[20:])
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await peer.reader.read(1)
        served.app.state.gate.set()
        assert (await peer.answer()).status == 200


async def test_stalled_bodies_take_no_place_and_end() -> None:
    """The queue would be full with two of them."""
    places = {"max_running_requests": 2, "max_waiting_requests": 0}
    async with service({"body_seconds": 1.0}, **places) as served:
        stalled = [await served.connect() for _ in range(8)]
        for peer in stalled:
            await peer.send(of_length(1000, key=OPERATOR_KEY), b"{")
        reader = await served.connect()
        await reader.send(request("GET", "/things/a", key=VIEWER_KEY))
        assert (await reader.answer()).status == 200
        assert served.refused("body_deadline") == 0
        for peer in stalled:
            answer = await peer.answer()
            assert (answer.status, answer.code) == (408, "request_timeout")
            assert answer.headers["connection"] == "close"
            assert await peer.is_closed()
        assert served.refused("body_deadline") == 8


async def test_caller_with_many_unfinished_bodies_gets_no_more_memory() -> None:
    limits = {"held_body_bytes": 2_000_000}
    async with service(limits) as served:
        stalled = [await served.connect() for _ in range(3)]
        for peer in stalled:
            await peer.send(of_length(500_000, key=OPERATOR_KEY), b"1" * 400_000)
        assert (await _first(stalled)).status == 503
        other = await served.connect()
        await other.send(of_length(400_000), b"1" * 400_000)
        assert (await other.answer()).status == 200
        for peer in stalled:
            peer.writer.close()
        async with asyncio.timeout(30):
            while served.refused("hung_up") < 2:
                await asyncio.sleep(0.01)
        last = await served.connect()
        await last.send(of_length(900_000, key=OPERATOR_KEY), b"1" * 900_000)
        assert (await last.answer()).status == 200


async def _first(peers: Iterable[Peer]) -> Answer:
    tasks = [asyncio.create_task(peer.answer()) for peer in peers]
    done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED, timeout=30)
    for task in waiting:
        task.cancel()
    return done.pop().result()


async def test_caller_may_not_wait_for_many_bodies() -> None:
    places = {"max_running_requests_per_caller": 2, "max_waiting_requests_per_caller": 1}
    async with service(**places) as served:
        stalled = [await served.connect() for _ in range(3)]
        for peer in stalled:
            await peer.send(of_length(10), b"1")
            await asyncio.sleep(0.05)
        fourth = await served.connect()
        await fourth.send(of_length(10), b"1")
        answer = await fourth.answer()
        assert (answer.status, answer.code) == (503, "overloaded")
        await stalled[0].send(b"1" * 9)
        assert (await stalled[0].answer()).status == 200


# Refusals whose body was not read.

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


# Connections of one peer.


async def test_oldest_idle_connection_yields_to_a_new_one() -> None:
    async with service({"idle_per_peer": 3}) as served:
        peers = [await served.connect() for _ in range(3)]
        await peers[0].send(request("GET", "/things/a"))
        assert (await peers[0].answer()).status == 200  # now the youngest
        await served.connect()
        assert await peers[1].is_closed()
        for peer in (peers[0], peers[2]):
            await peer.send(request("GET", "/things/a"))
            assert (await peer.answer()).status == 200
        assert served.refused("idle") == 1


async def test_open_connections_are_bounded() -> None:
    async with service({"connections_per_peer": 2}) as served:
        busy = [await served.connect() for _ in range(2)]
        for peer in busy:
            await peer.send(request("GET", "/gate"))
        async with asyncio.timeout(30):
            while served.app.state.draining.requests < 2:
                await asyncio.sleep(0.01)
        third = await served.connect()
        answer = await third.answer()
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert served.refused("connections") == 1
        served.app.state.gate.set()
        assert (await busy[0].answer()).status == 200
        # An idle one is closed for a new one.
        fourth = await served.connect()
        await fourth.send(request("GET", "/things/a"))
        assert (await fourth.answer()).status == 200


async def test_peer_that_reads_no_answer_is_cut_off() -> None:
    async with service({"send_seconds": 0.3}) as served:
        peer = await served.connect()
        peer.reader._transport.pause_reading()  # type: ignore[attr-defined]
        await peer.send(request("GET", "/large") * 3)
        async with asyncio.timeout(30):
            while not served.refused("unread_answer"):
                await asyncio.sleep(0.01)
        assert served.app.state.draining.requests == 0


# What two readers may read differently.

HEAD = b"POST /echo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + ADMIN_KEY.encode() + b"\r\n"
JSON_HEAD = HEAD + b"Content-Type: application/json\r\n"
CHUNKED = JSON_HEAD + b"Transfer-Encoding: chunked\r\n"
NEXT = b"POST /echo HTTP/1.1\r\nHost: x\r\n\r\n"
SMUGGLED = {
    "two lengths": JSON_HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}" + NEXT,
    "two equal lengths": JSON_HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" + NEXT,
    "list of lengths": JSON_HEAD + b"Content-Length: 2, 2\r\n\r\n{}" + NEXT,
    "length and coding": JSON_HEAD
    + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding and length": CHUNKED + b"Content-Length: 2\r\n\r\n0\r\n\r\n",
    "two codings": CHUNKED + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "other coding": JSON_HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "coding before chunked": JSON_HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "identity": JSON_HEAD + b"Transfer-Encoding: identity\r\n\r\n{}",
    "space before colon": JSON_HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "control character": JSON_HEAD + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "bare LF": JSON_HEAD.replace(b"\r\n", b"\n") + b"Content-Length: 0\n\n",
    "one bare LF": JSON_HEAD + b"X-A: a\nContent-Length: 0\r\n\r\n",
    "bare CR": JSON_HEAD + b"X-A: a\rContent-Length: 0\r\n\r\n",
    "folded header": JSON_HEAD + b"X-A: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "folded first header": HEAD.replace(b"\r\nHost", b"\r\n Host") + b"\r\n",
    "bad chunk size": CHUNKED + b"\r\nzz\r\n\r\n",
    "hexadecimal prefix": CHUNKED + b"\r\n0x1\r\n1\r\n0\r\n\r\n",
    "huge chunk size": CHUNKED + b"\r\n" + b"f" * 17 + b"\r\n1\r\n0\r\n\r\n",
    "negative chunk size": CHUNKED + b"\r\n-1\r\n1\r\n0\r\n\r\n",
    "chunk longer than its size": CHUNKED + b"\r\n1\r\n11\r\n0\r\n\r\n",
    "chunk ended by LF": CHUNKED + b"\r\n1\n1\n0\n\n",
    "LF in an extension": CHUNKED + b"\r\n1;a\nb\r\n1\r\n0\r\n\r\n",
    "negative length": JSON_HEAD + b"Content-Length: -1\r\n\r\n",
    "signed length": JSON_HEAD + b"Content-Length: +2\r\n\r\n{}",
    "empty length": JSON_HEAD + b"Content-Length:\r\n\r\n{}",
    "chunked HTTP/1.0": CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.0") + b"\r\n0\r\n\r\n",
    "no version": b"GET /things/a\r\n\r\n",
    "HTTP/2": b"GET /things/a HTTP/2.0\r\nHost: x\r\n\r\n",
    "preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no host": HEAD.replace(b"Host: x\r\n", b"") + b"\r\n",
    "two hosts": HEAD + b"Host: y\r\n\r\n",
    "tunnel": b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "body and upgrade": JSON_HEAD
    + b"Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\n{}",
    "NUL": JSON_HEAD + b"X-A: \x00\r\n\r\n",
    "no colon": JSON_HEAD + b"Abc\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


@pytest.mark.parametrize("kind", SMUGGLED)
async def test_ambiguous_request_is_refused_and_nothing_runs(kind: str) -> None:
    async with service() as served:
        peer = await served.connect()
        await peer.send(SMUGGLED[kind])
        answer = await peer.answer()
        assert (answer.status, answer.headers["connection"]) == (400, "close")
        assert answer.code == "http_400"
        assert await peer.is_closed()
        assert served.refused("malformed") == 1
        assert not hasattr(served.app.state, "echoed")


# What must still work.


@pytest.mark.parametrize("size", [1, 50, 10_000])
async def test_pipelined_requests_are_answered_in_order(size: int) -> None:
    sent = b"".join(request("GET", f"/things/{n}") + of_length(n) + b"1" * n for n in range(1, 6))
    async with service() as served:
        peer = await served.connect()
        for start in range(0, len(sent), size):
            await peer.send(sent[start : start + size])
        for n in range(1, 6):
            assert (await peer.answer()).body == f'"{n}"'.encode()
            assert json.loads((await peer.answer()).body)["bytes"] == n


async def test_many_pipelined_requests_wait_unparsed() -> None:
    async with service() as served:
        peer = await served.connect()
        await peer.send(request("GET", "/gate") + request("GET", "/things/a") * 300)
        async with asyncio.timeout(30):
            while not served.app.state.draining.requests:
                await asyncio.sleep(0.01)
        assert served.app.state.draining.requests == 1
        served.app.state.gate.set()
        assert [(await peer.answer()).status for _ in range(301)] == [200] * 301


async def test_request_behind_a_chunked_body_gets_its_answer_or_a_closed_connection() -> None:
    body = b"2\r\n{}\r\n0\r\n\r\n"
    async with service() as served:
        peer = await served.connect()
        await peer.send(chunked() + body + request("GET", "/things/a"))
        answer = await peer.answer()
        assert (answer.status, answer.headers.get("connection")) == (200, "close")
        assert await peer.is_closed()
        peer = await served.connect()
        for _ in range(2):
            await peer.send(chunked() + body)
            assert (await peer.answer()).status == 200


async def test_connection_is_kept_or_closed_as_its_client_asks() -> None:
    async with service() as served:
        peer = await served.connect()
        for _ in range(3):
            await peer.send(of_length(2) + b"{}")
            answer = await peer.answer()
            assert (answer.status, answer.headers.get("connection")) == (200, None)
        await peer.send(request("GET", "/things/a", ["Connection: close"]) * 2)
        assert (await peer.answer()).headers["connection"] == "close"
        assert await peer.is_closed()
        peer = await served.connect()
        await peer.send(b"GET /health HTTP/1.0\r\n\r\n")
        assert (await peer.answer()).headers["connection"] == "close"
        assert await peer.is_closed()


async def test_asked_upgrade_is_not_taken() -> None:
    async with service() as served:
        peer = await served.connect()
        upgrade = ["Connection: upgrade", "Upgrade: websocket"]
        await peer.send(request("GET", "/things/a", upgrade) + b"\x81\x05hello")
        answer = await peer.answer()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert await peer.is_closed()


async def test_many_refusals_are_one_line_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    async with service(LIMITED) as served:
        for _ in range(20):
            peer = await served.connect()
            await peer.send(SMUGGLED["two lengths"])
            assert (await peer.answer()).status == 400
        assert served.refused("malformed") == 20
    assert capsys.readouterr().out.count("http.refused") == 1
