"""Connection of one peer: its deadlines, its place among others, and its end.

docs/adr/0128-http-limits.md
"""

import asyncio
from collections.abc import Callable
from math import inf
from typing import Any
from uuid import uuid4

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from deploy.serving import raw_answers
from deploy.serving.connections import Connections, peer_of
from domain_services.kernel.http_limits import HttpLimits
from domain_services.kernel.web.refusals import Refusals

# A process that leaves does not wait longer for a peer that sends on.
_LAST_LINGER_SECONDS = 1.0


# Phases of a connection. Numbers: an Enum's member costs 0.1 us, a request asks twenty times.
IDLE = 0  # no byte of a request has arrived
HEAD = 1
BODY = 2
ANSWER = 3  # the request is there, its answer is not
LINGER = 4  # the last answer is written; what still arrives is dropped
CLOSED = 5  # closed as soon as the peer has taken what is written


class _PoliteTransport:
    """Transport of a connection, whose `close` first lets the peer see the answer."""

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self.write = transport.write
        self.close = close
        self.is_closing = transport.is_closing
        self.get_extra_info = transport.get_extra_info


class PoliteConnection(HttpToolsProtocol):
    """Connection whose refusals arrive.

    A refusal that is written before its request was read ends in a lingering close: a close at
    once would reset the connection, and the peer would not see the answer.
    """

    cycle: RequestResponseCycle | None  # type: ignore[assignment]

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: HttpLimits,
        connections: Connections,
        refusals: Refusals,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.limits = limits
        self.peer = ""
        """Address that the connection counts for."""
        self.phase = IDLE
        self.unread = b""
        """Bytes that are pipelined behind the present request."""
        self.is_parsed_out = False
        """True when the parser cannot go on behind the present request."""
        self.due = inf
        """Time of the loop at which the present phase has taken too long."""
        self.leaves = False
        """True when the server shuts down."""
        self.places = connections
        self._refusals = refusals
        self._raw: asyncio.Transport
        self._dropped = 0
        self._unsent = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._raw = transport
        self.transport = _PoliteTransport(transport, self._finish)  # type: ignore[assignment]
        self.peer = peer_of(self.client)
        self.expect(self.limits.idle_seconds)
        if self.places.join(self):
            return
        if self.places.is_flooded(self.peer):
            self._refusals.count("connections", self.peer)
            self._raw.abort()
            return
        self.refuse(503, "connections", "too many connections are open; close some of them")

    def connection_lost(self, exc: Exception | None) -> None:
        self.phase = CLOSED
        self.unread = b""
        self.places.leave(self)
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        self.leaves = True
        super().shutdown()
        if self.phase == LINGER:
            self.expect(min(_LAST_LINGER_SECONDS, self.limits.linger_seconds))

    # Places among other connections

    def close_idle(self) -> None:
        """Close the connection, which has no request, in favour of another."""
        self._refusals.count("idle", self.peer)
        self._close()

    # Answers

    def next_request(self) -> None:
        """Go on after an answer that was sent."""
        raise NotImplementedError

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.phase != ANSWER or self._raw.is_closing():
            return
        # A peer that takes no answer gets no second place to hold.
        if not self.flow.write_paused:
            self.next_request()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_sending()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.phase in (BODY, ANSWER):
            self.due = inf
        is_answered = self.cycle is not None and self.cycle.response_complete
        if self.phase == ANSWER and is_answered and not self._raw.is_closing():
            self.next_request()

    def refuse(self, status: int, reason: str, detail: str) -> None:
        """Answer in place of the app, and close; `reason` is for the metrics."""
        self._refusals.count(reason, self.peer)
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            # The app learns that nobody reads its answer.
            cycle.disconnected = True
            cycle.waiting_for_100_continue = False
            cycle.message_event.set()
            if cycle.response_started:
                self._raw.abort()
                return
        if not self._raw.is_closing():
            self._raw.write(raw_answers.problem(status, detail, str(uuid4())))
            self._linger()

    # The end

    def _finish(self) -> None:
        """Close when the answer is sent; linger when its request was not read to the end."""
        if self.phase in (LINGER, CLOSED) or self._raw.is_closing():
            return
        if self.phase == BODY or self.unread or self.is_parsed_out:
            self._linger()
        else:
            self._close()

    def _linger(self) -> None:
        self.phase = LINGER
        self.unread = b""
        if self._raw.can_write_eof():
            self._raw.write_eof()
        self.flow.resume_reading()
        self.expect(self.limits.linger_seconds)

    def drop(self, count: int) -> None:
        """Drop bytes that nobody will read; too many end the connection."""
        self._dropped += count
        if self._dropped > self.limits.linger_bytes:
            self._refusals.count("linger_bytes", self.peer)
            self._raw.abort()

    def _close(self) -> None:
        self.phase = CLOSED
        self.places.set_busy(self)
        self._raw.close()
        self._watch_sending()

    # Deadlines: one timer a connection, moved only for a deadline that comes sooner.

    def expect(self, seconds: float) -> None:
        """Let the present phase last at most `seconds`."""
        self.due = self.loop.time() + seconds
        self._wake(self.due)

    def _watch_sending(self) -> None:
        self._unsent = self._raw.get_write_buffer_size()
        self.expect(self.limits.send_seconds)

    def _wake(self, when: float) -> None:
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = self.loop.call_at(when, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        now = self.loop.time()
        if now < self.due:
            self._wake(min(self.due, now + self.limits.idle_seconds))
        elif self.phase == IDLE:
            self._close()
        elif self.phase == HEAD:
            self.refuse(408, "header_deadline", "the headers were not there in time")
        elif self.phase == LINGER:
            self._raw.abort()
        elif 0 < self._raw.get_write_buffer_size() < self._unsent:
            self._watch_sending()
        else:
            self._refusals.count("unread_answer", self.peer)
            self._raw.abort()
