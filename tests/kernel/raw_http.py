"""A peer that sends bytes which no HTTP client would, and the service that it talks to."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, FastAPI, Request

from domain_services.kernel.http_limits import HttpLimits
from domain_services.kernel.settings import KernelSettings
from domain_services.kernel.web.app import build_app
from tests.conftest import ADMIN_KEY, AUTH, serving
from tests.ports import free_port

PATIENCE_SECONDS = 30


@dataclass
class Answer:
    """Answer as it was read from the socket."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        return json.loads(self.body)["code"]


@dataclass
class Peer:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    is_cut: bool = False
    """True when the service closed the connection while bytes were sent."""

    async def send(self, *parts: bytes) -> None:
        """Send the parts one after the other; a closed connection ends it."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                for part in parts:
                    self.writer.write(part)
                    await self.writer.drain()
        except OSError:
            self.is_cut = True

    async def pour(self, part: bytes, most_bytes: int) -> int:
        """Send a part again and again until the connection is cut; return the bytes sent."""
        sent = 0
        while sent < most_bytes and not self.is_cut:
            await self.send(part)
            sent += len(part)
            await asyncio.sleep(0)
        return sent

    async def answer(self) -> Answer:
        """Read one answer."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            headers = {
                name.lower(): value for name, value in (line.split(": ", 1) for line in lines)
            }
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(first.split()[1]), headers, body)

    async def is_closed(self) -> bool:
        """Wait for the end of the connection; False when more bytes come first."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            try:
                return await self.reader.read() == b""
            except OSError:
                return True


@dataclass
class Service:
    """A served app without stores."""

    app: FastAPI
    port: int
    peers: list[Peer] = field(default_factory=list[Peer])

    async def connect(self) -> Peer:
        peer = Peer(*await asyncio.open_connection("127.0.0.1", self.port))
        self.peers.append(peer)
        return peer

    def refused(self, reason: str) -> float:
        """Return how often the service refused for a reason."""
        labels = {"reason": reason}
        return (
            self.app.state.metrics.registry.get_sample_value("dsm_http_refused_total", labels) or 0
        )


@asynccontextmanager
async def service(limits: dict[str, Any] | None = None, **values: Any) -> AsyncIterator[Service]:
    """Serve an app whose limits differ from the defaults by `limits`."""
    own = {"port": free_port(), "auth": AUTH, "http": HttpLimits(**(limits or {}))} | values
    settings = KernelSettings.model_validate(own)
    app = _app(settings)
    async with serving(app, settings.port):
        served = Service(app, settings.port)
        try:
            yield served
        finally:
            for peer in served.peers:
                peer.writer.close()


def request(
    method: str = "POST", path: str = "/echo", headers: Iterable[str] = (), *, key: str = ADMIN_KEY
) -> bytes:
    """Write the head of a request."""
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: x",
        f"Authorization: Bearer {key}",
        "Content-Type: application/json",
        *headers,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def chunked(path: str = "/echo") -> bytes:
    """Write the head of a request whose body comes in chunks."""
    return request(path=path, headers=["Transfer-Encoding: chunked"])


def of_length(count: int, *more: str, path: str = "/echo", key: str = ADMIN_KEY) -> bytes:
    """Write the head of a request whose body has a length."""
    return request(path=path, headers=[f"Content-Length: {count}", *more], key=key)


def _app(settings: KernelSettings) -> FastAPI:
    router = APIRouter()

    @router.post("/echo")
    async def echo(request: Request) -> dict[str, Any]:
        app = request.app
        app.state.echoed = getattr(app.state, "echoed", 0) + 1
        return {"bytes": len(await request.body()), "trailer": request.headers.get("x-trailer")}

    @router.get("/large")
    async def large() -> str:
        return "x" * 4_000_000

    @router.get("/things/{name}")
    async def read_thing(name: str) -> str:
        return name

    @router.put("/things/{name}")
    async def write_thing(name: str) -> str:
        return name

    @router.get("/gate")
    async def gate(request: Request) -> str:
        await request.app.state.gate.wait()
        return "through"

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.gate = asyncio.Event()
        yield

    return build_app("raw-service", settings, [router], lifespan=lifespan, validation_status=422)
