"""HTTP/1.1 of every served app: uvicorn's protocol with limits on what a peer may send."""

from collections.abc import Sequence
from math import inf

import httptools

from deploy.serving.polite import ANSWER, BODY, HEAD, IDLE, LINGER, PoliteConnection
from domain_services.kernel.web.body import ARRIVED

_END = b"\r\n\r\n"
# Parsed at once of a chunked body: what is pipelined behind its end cannot be told apart sooner.
_SLICE = 16 * 1024
# A chunk of one byte has five of framing.
_FRAMING_PER_BYTE = 8
_VERSIONS = frozenset({"1.0", "1.1"})


class _Refused(Exception):
    """End of parsing: the request has its refusal."""


class HttpProtocol(PoliteConnection):
    """Connection that is read one request at a time: what is pipelined waits unparsed."""

    # docs/adr/0128-http-limits.md

    parser: httptools.HttpRequestParser

    _head_bytes = 0
    _tail = b""
    """Last bytes of an unfinished head: its end may be split."""
    _body_left: int | None = None
    """Bytes of the body to come; None for a chunked one."""
    _framing_left = 0
    """Bytes that a chunked body may have beside its content."""
    _keeps_alive = False

    def data_received(self, data: bytes) -> None:
        if self.phase == IDLE:
            self.places.set_busy(self)
        elif self.phase == ANSWER:
            self._keep(data)
            return
        elif self.phase == LINGER:
            self.drop(len(data))
            return
        self._read(data)

    def next_request(self) -> None:
        self.phase = IDLE
        self._head_bytes = 0
        self._tail = b""
        self.due = self.loop.time() + self.limits.idle_seconds
        self.flow.resume_reading()
        if self.unread:
            data, self.unread = self.unread, b""
            self._read(data)
        else:
            self.places.set_idle(self)

    def _read(self, data: bytes) -> None:
        """Parse up to the end of a request, and keep what is behind it."""
        start, size = 0, len(data)
        while start < size:
            if self.phase == BODY:
                end = min(size, start + (self._body_left or _SLICE))
            elif self.phase in (IDLE, HEAD):
                end = _end_of_head(b"" if start else self._tail, data, start)
                self._head_bytes += end - start
                if self._head_bytes > self.limits.header_bytes:
                    self.refuse(431, "header_bytes", "the headers are too long; send fewer bytes")
                    return
            else:
                if self.phase == ANSWER:
                    self._keep(data[start:])
                return
            self._feed(data if end - start == size else memoryview(data)[start:end])
            if self.phase == BODY and self._body_left is None:
                self._count_framing(end - start)
            start = end
        if self.phase == IDLE:
            self.phase = HEAD
            self.expect(self.limits.header_seconds)
        if self.phase == HEAD:
            self._tail = (self._tail + data[-len(_END) :])[1 - len(_END) :]

    def _feed(self, data: bytes | memoryview) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # Answered as if it had not asked for another protocol; the parser has ended.
            self._end_behind_answer()
        except httptools.HttpParserError:
            if self.phase != LINGER and not self.is_parsed_out:
                self.refuse(400, "malformed", "this is not a valid HTTP/1.1 request")

    def _count_framing(self, count: int) -> None:
        """Bound what a chunked body has beside its content: extensions, sizes and trailers."""
        self._framing_left -= count
        if self._framing_left < 0:
            self.refuse(431, "chunk_framing", "the chunks have more framing than content")

    def _keep(self, data: bytes) -> None:
        """Keep what is pipelined behind the present request."""
        if self.is_parsed_out:
            self.drop(len(data))
        else:
            self.unread += data
            self.flow.pause_reading()

    def _end_behind_answer(self) -> None:
        assert self.cycle is not None
        self.cycle.keep_alive = False
        self.is_parsed_out = True

    # Callbacks of the parser

    def on_message_begin(self) -> None:
        if self.phase == ANSWER:
            # Pipelined in one slice with the end of a chunked body: its client sends it again.
            self._end_behind_answer()
            raise _Refused
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.phase == BODY:
            return  # a trailer, whose fields are no headers
        if len(self.headers) >= self.limits.headers:
            self.refuse(431, "header_count", f"send at most {self.limits.headers} headers")
            raise _Refused
        # As uvicorn's, which a call for each header would make dearer.
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        headers = dict(self.headers)
        fault = self._fault(headers)
        if fault is not None:
            self.refuse(400, "malformed", fault)
            raise _Refused
        is_chunked = b"transfer-encoding" in headers
        self._body_left = None if is_chunked else int(headers.get(b"content-length", b"0"))
        self._framing_left = self.limits.header_bytes
        self.phase = BODY
        self.due = inf
        super().on_headers_complete()
        assert self.cycle is not None
        # An answer that is sent before the body was read is the last one of its connection.
        self._keeps_alive = self.cycle.keep_alive
        self.cycle.keep_alive = False

    def _fault(self, headers: dict[bytes, bytes]) -> str | None:
        """Return what two readers of the request may read differently; None when nothing."""
        version = self.parser.get_http_version()
        coding = headers.get(b"transfer-encoding")
        if version not in _VERSIONS:
            return "send the request as HTTP/1.1"
        if version == "1.1" and b"host" not in headers:
            return "send a Host header"
        if len(headers) < len(self.headers) and _is_repeated(b"host", self.headers):
            return "send one Host header"
        if coding is not None and (version == "1.0" or coding.strip().lower() != b"chunked"):
            return "Transfer-Encoding: send the body as chunked, or with Content-Length"
        # The parser would take the body for bytes of the other protocol.
        has_body = coding is not None or headers.get(b"content-length", b"").strip(b" \t0")
        if has_body and self.parser.should_upgrade():
            return "send a request with a body without Upgrade"
        return None

    def on_body(self, body: bytes) -> None:
        if self._body_left is None:
            self._framing_left += (1 + _FRAMING_PER_BYTE) * len(body)
        else:
            self._body_left -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self.phase != BODY:
            return
        assert self.cycle is not None
        self.phase = ANSWER
        self.cycle.scope[ARRIVED] = True  # type: ignore[typeddict-unknown-key]
        if not self.cycle.response_started:
            self.cycle.keep_alive = self._keeps_alive and not self.leaves


def _end_of_head(tail: bytes, data: bytes, start: int) -> int:
    """Return the position behind a head that begins or goes on at `start`; `tail` is before it."""
    if tail:
        position = (tail + data[start : start + len(_END) - 1]).find(_END)
        if position >= 0:
            return start + position + len(_END) - len(tail)
    position = data.find(_END, start)
    return len(data) if position < 0 else position + len(_END)


def _is_repeated(name: bytes, headers: Sequence[tuple[bytes, bytes]]) -> bool:
    return sum(1 for other, _ in headers if other == name) > 1
