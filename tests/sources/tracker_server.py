"""Server in the place of a tracker: real sockets, scripted answers and faults.

Its shapes are those of the vendors' documentation and of public recordings of their clients; see
docs/recorded-http.md. `github_server.py`, `gitlab_server.py` and `jira_server.py` fill it.
"""

import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Call:
    """One request that arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """Headers, names in lower case."""
    body: Any
    """Parsed JSON; None without a body."""


@dataclass(frozen=True)
class Reply:
    """One answer."""

    body: Any = None
    """Value sent as JSON, or bytes sent as they are."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    """Bytes of the body after which the connection is reset."""
    repeated: int = 1
    """Times that the body is sent in a row, without its length being told."""


Route = Callable[[Call], Reply]


@dataclass
class Fault:
    """Answer in place of the usual one."""

    path: str
    """Pattern of the path, with its query."""
    reply: Reply | Route
    times: int = 1
    """Requests that it answers; the next ones are usual again."""
    after: int = 0
    """Matching requests that pass before."""


NOW = 1_777_000_000.0
"""2026-04-24T03:06:40Z."""


@dataclass
class TrackerServer:
    """One tracker on a port of this machine."""

    routes: dict[str, Route]
    """Answers by pattern of `METHOD path`."""
    url: str = ""
    calls: list[Call] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    moment: float = NOW
    """Time of the tracker, in seconds since the epoch."""

    def answer(self, call: Call) -> Reply:
        """Return the answer for a request: of a fault, of a route, or 404."""
        self.calls.append(call)
        whole = call.path + "?" + "&".join(f"{name}={value}" for name, value in call.query.items())
        for fault in self.faults:
            if not re.search(fault.path, whole) or fault.times <= 0:
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            fault.times -= 1
            return fault.reply(call) if callable(fault.reply) else fault.reply
        return self.usual_answer(call)

    def usual_answer(self, call: Call) -> Reply:
        """Return the answer of a route, or 404."""
        for pattern, route in self.routes.items():
            if re.fullmatch(pattern, f"{call.method} {call.path}"):
                return route(call)
        return Reply({"message": "Not Found"}, 404)

    def paths(self) -> list[str]:
        """Return the paths that were asked for."""
        return [call.path for call in self.calls]


@contextmanager
def serving_tracker(server: TrackerServer) -> Iterator[TrackerServer]:
    """Serve on a free port of this machine until the end of the block."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(server))
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def _handler_of(server: TrackerServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(server.moment)

        def log_message(self, format: str, *args: Any) -> None:
            """Print nothing."""

        def _answer(self) -> None:
            self._send(server.answer(_call_of(self)))

        def _send(self, reply: Reply) -> None:
            is_raw = isinstance(reply.body, bytes)
            body = reply.body if is_raw else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            if "Content-Type" not in reply.headers:
                self.send_header("Content-Type", "application/json")
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.repeated > 1:
                self.send_header("Connection", "close")
            elif "Content-Length" not in reply.headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.writelines([body[: reply.cut_after]] * reply.repeated)
                self.wfile.flush()
            except OSError:
                self.close_connection = True
                return
            if reply.cut_after is not None or reply.repeated > 1:
                self.close_connection = True
            if reply.cut_after is not None:
                _end_without_goodbye(self.connection)

    return Handler


def _call_of(handler: BaseHTTPRequestHandler) -> Call:
    address = urlsplit(handler.path)
    sent = handler.rfile.read(int(handler.headers.get("content-length", 0)))
    return Call(
        handler.command,
        address.path,
        dict(parse_qsl(address.query, keep_blank_values=True)),
        {name.lower(): value for name, value in handler.headers.items()},
        json.loads(sent) if sent else None,
    )


def _end_without_goodbye(connection: socket.socket) -> None:
    """Let a connection end as a crashed server or a proxy ends it."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
