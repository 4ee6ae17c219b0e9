"""Connections of one peer are bounded, and kept, closed or pipelined as the client asks."""

import asyncio
import json

import pytest

from tests.kernel.raw_http import chunked, of_length, request, service


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
