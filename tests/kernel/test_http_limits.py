"""A peer is cut off at stated limits of a head and a body, before any key is checked."""

import asyncio
import json
from collections.abc import Iterable

import pytest

from tests.conftest import OPERATOR_KEY, VIEWER_KEY
from tests.kernel.raw_http import Answer, Peer, chunked, of_length, request, service

LIMITED = {"header_bytes": 4096, "headers": 20, "linger_bytes": 1_000_000}
PATHS = ["/echo", "/health", "/health/ready", "/metrics", "/docs", "/nowhere"]


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
