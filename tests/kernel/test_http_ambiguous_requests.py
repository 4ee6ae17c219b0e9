"""A request that two readers may read differently is refused, and nothing runs."""

import pytest

from tests.conftest import ADMIN_KEY
from tests.kernel.raw_http import service

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


async def test_many_refusals_are_one_line_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    async with service() as served:
        for _ in range(20):
            peer = await served.connect()
            await peer.send(SMUGGLED["two lengths"])
            assert (await peer.answer()).status == 400
        assert served.refused("malformed") == 20
    assert capsys.readouterr().out.count("http.refused") == 1
