"""Clients that keep their connections alive and never send a request twice."""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NoReturn

from tests.replicas.stores import HOST

ANSWER_SECONDS = 120
# Leaves the machine to the processes that start.
PAUSE_SECONDS = 0.2
# As the services' own clients do: what is idle for longer may be closed while it is used again.
IDLE_SECONDS = 4


class Failed(Exception):
    """A request without the expected answer."""


@dataclass
class Answer:
    """Answer of a service."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass
class Counts:
    """Requests and answers of all clients together."""

    sent: Counter[str] = field(default_factory=Counter[str])
    """Requests by client, answered or failed."""
    answered: Counter[str] = field(default_factory=Counter[str])
    """Good answers by service."""
    failures: list[str] = field(default_factory=list[str])
    """One line for each request that got no answer, or a bad one."""
    connections: int = 0
    """Connections that were opened."""
    closed_politely: int = 0
    """Answers that announced the end of their connection."""

    def summary(self) -> dict[str, int]:
        """Return the figures for the end of the test run."""
        return {
            "requests": self.sent.total(),
            "failed requests": len(self.failures),
            "connections": self.connections,
            "connections closed by an answer": self.closed_politely,
        }


@dataclass
class _Line:
    """One kept-alive connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used: float = 0
    """Time of the loop at the end of its last answer."""


class Caller:
    """One client: one connection a service, opened when none is there, never a second try.

    Like every client it looks whether the connection has been closed before it sends, and keeps an
    idle one for less than a replica drains. What ends while a request is under way has failed.
    """

    def __init__(self, name: str, ports: dict[str, int], key: str, counts: Counts) -> None:
        self.name = name
        self._ports = ports
        self._key = key
        self._counts = counts
        self._lines: dict[str, _Line] = {}
        self.pause_seconds = PAUSE_SECONDS
        """Pause after each answer."""

    async def call(
        self,
        service: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        expected: int = 200,
    ) -> Any:
        """Send a request once and return the answer's body. Raises: `Failed`."""
        what = f"{self.name}: {method} {service} {path}"
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await self._once(service, _request(self._key, method, path, body, key))
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            self._drop(service)
            self.fail(f"{what}: {type(error).__name__} {error}")
        finally:
            self._counts.sent[self.name] += 1
        if answer.status != expected:
            self.fail(f"{what}: {answer.status} {json.dumps(answer.body)[:600]}")
        self._counts.answered[service] += 1
        await asyncio.sleep(self.pause_seconds)
        return answer.body

    def sibling(self) -> "Caller":
        """Return a second client of the same name, with connections of its own."""
        return Caller(self.name, self._ports, self._key, self._counts)

    def close(self) -> None:
        """Close all connections."""
        for service in list(self._lines):
            self._drop(service)

    def fail(self, line: str) -> NoReturn:
        """Count a failure. Raises: `Failed`."""
        self._counts.failures.append(line)
        raise Failed(line) from None

    async def _once(self, service: str, request: bytes) -> Answer:
        line = self._lines.get(service)
        now = asyncio.get_running_loop().time()
        if line is not None and (line.reader.at_eof() or now > line.used + IDLE_SECONDS):
            self._drop(service)
            line = None
        if line is None:
            self._counts.connections += 1
            line = _Line(*await asyncio.open_connection(HOST, self._ports[service]))
            self._lines[service] = line
        line.writer.write(request)
        answer = await _read(line.reader)
        line.used = asyncio.get_running_loop().time()
        if answer.headers.get("connection", "").lower() == "close":
            self._counts.closed_politely += 1
            self._drop(service)
        return answer

    def _drop(self, service: str) -> None:
        line = self._lines.pop(service, None)
        if line is not None:
            line.writer.close()


def _request(secret: str, method: str, path: str, body: Any, key: str | None) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: test", f"Authorization: Bearer {secret}"]
    if method != "GET":
        lines.append(f"Content-Length: {len(content)}")
    if content:
        lines.append("Content-Type: application/json")
    if key:
        lines.append(f"Idempotency-Key: {key}")
    return "\r\n".join([*lines, "", ""]).encode() + content


async def _read(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {
        name.lower(): value.strip()
        for name, _, value in (line.partition(":") for line in head[1:] if line)
    }
    content = await reader.readexactly(int(headers["content-length"]))
    return Answer(int(head[0].split(" ", 2)[1]), headers, json.loads(content) if content else None)
