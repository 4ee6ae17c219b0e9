"""Balancer of TCP connections: one port a service, each new connection to a replica that serves.

It knows replicas as kube-proxy does: by their probe, and by the word that one is to leave, which
takes a moment to arrive. A replica that leaves therefore still gets new connections. It retries
nothing: a replica that refuses a connection costs the caller that connection.
"""

import asyncio
import itertools
import socket
import struct
import threading
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from tests.replicas.stores import HOST

T = TypeVar("T")

PROBE_SECONDS = 1.0
PROBE_TIMEOUT_SECONDS = 30.0
FAILURES_TO_FORGET = 3
# From the word that a replica leaves to its last new connection.
FORGET_SECONDS = 1.0
# A network's way: a caller learns late that its connection was closed.
CLOSE_LAG_SECONDS = 0.5
_CHUNK = 65_536


@dataclass(eq=False)
class Backend:
    """One replica as the balancer sees it."""

    port: int
    routed: bool = False
    """True while it gets new connections."""
    failures: int = 0
    """Failed probes in a row."""
    given: int = 0
    """Connections that it got."""
    leaving: bool = False
    """True once it was asked to leave."""
    given_while_leaving: int = 0
    """Connections that it got after that."""


@dataclass(eq=False)
class Gate:
    """A stop for requests that begin with `prefix`, until `open`."""

    prefix: bytes
    reached: threading.Event = field(default_factory=threading.Event)
    """Set when a request stands before the gate."""
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    deliver: bool = True
    """False loses the request when the gate opens."""


class Balancer:
    """Balancer in a thread of its own; its methods are for the thread of the tests."""

    def __init__(self) -> None:
        self.ports: dict[str, int] = {}
        """Port of each service."""
        self.counted: Counter[str] = Counter()
        self._backends: dict[str, list[Backend]] = {}
        self._turns = itertools.count()
        self._gates: list[Gate] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="balancer")
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, ports: dict[str, int]) -> None:
        """Listen on a port for each service."""
        self._thread.start()
        self.ports = dict(ports)
        for name, port in ports.items():
            self._backends[name] = []
            self._run(self._listen(name, port))

    def stop(self) -> None:
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def url(self, name: str) -> str:
        return f"http://{HOST}:{self.ports[name]}"

    def add(self, name: str, port: int) -> Backend:
        """Probe a replica from now on; it gets connections once it serves."""
        backend = Backend(port)

        async def begin() -> None:
            self._backends[name] = [*self._backends[name], backend]
            self._spawn(self._probe(name, backend))

        self._run(begin())
        return backend

    def forget_soon(self, backend: Backend) -> None:
        """Give a replica no more connections, a moment after the word that it leaves."""

        def forget() -> None:
            backend.routed = False

        backend.leaving = True
        self._loop.call_soon_threadsafe(self._loop.call_later, FORGET_SECONDS, forget)

    def remove(self, name: str, backend: Backend) -> None:
        """Probe a replica no more."""
        self.counted["connections to leaving replicas"] += backend.given_while_leaving
        backend.routed = False
        self._backends[name] = [other for other in self._backends[name] if other is not backend]

    def close_gate(self, prefix: bytes) -> Gate:
        """Hold every request that begins with `prefix` before its replica sees it."""

        async def make() -> Gate:
            return Gate(prefix)

        gate = self._run(make())
        self._gates.append(gate)
        return gate

    def open_gate(self, gate: Gate, *, deliver: bool) -> None:
        """Let the held requests pass, or lose them."""
        self._gates.remove(gate)
        gate.deliver = deliver
        self._loop.call_soon_threadsafe(gate.opened.set)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end(self) -> None:
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self, name: str, port: int) -> None:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            try:
                # A cancelled handler would be reported as a fault of asyncio's own task.
                with suppress(asyncio.CancelledError):
                    await self._forward(name, reader, writer)
            finally:
                self._tasks.discard(task)

        server = await asyncio.start_server(accept, HOST, port, backlog=512)
        self._spawn(_serve(server))

    async def _probe(self, name: str, backend: Backend) -> None:
        while backend in self._backends[name]:
            state = await _probed(backend.port)
            if state == "serving":
                backend.failures = 0
                backend.routed = backend.routed or not backend.leaving
            elif state == "away":
                backend.failures += 1
                if backend.failures >= FAILURES_TO_FORGET:
                    backend.routed = False
            await asyncio.sleep(PROBE_SECONDS)

    async def _forward(
        self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        routed = [backend for backend in self._backends[name] if backend.routed]
        if not routed:
            self.counted[f"{name}: no replica"] += 1
            _reset(writer)
            return
        backend = routed[next(self._turns) % len(routed)]
        backend.given += 1
        backend.given_while_leaving += backend.leaving
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, backend.port)
        except OSError:
            self.counted[f"{name}: connection refused"] += 1
            _reset(writer)
            return
        answers = asyncio.ensure_future(_pump(far_reader, writer))
        requests = asyncio.ensure_future(self._pump_requests(reader, far_writer))
        try:
            # A caller that has gone gets no answer; a replica that has closed is told on, late.
            await asyncio.wait([answers, requests], return_when=asyncio.FIRST_COMPLETED)
            if answers.done():
                await asyncio.sleep(CLOSE_LAG_SECONDS)
            elif requests.result() == "ended":
                await asyncio.wait([answers], timeout=0)
        finally:
            answers.cancel()
            requests.cancel()
            await asyncio.gather(answers, requests, return_exceptions=True)
            far_writer.close()
            writer.close()

    async def _pump_requests(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> str:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                for gate in [gate for gate in self._gates if data.startswith(gate.prefix)]:
                    gate.reached.set()
                    await gate.opened.wait()
                    if not gate.deliver:
                        return "lost"
                writer.write(data)
                await writer.drain()
        return "ended"


async def _serve(server: asyncio.Server) -> None:
    try:
        await server.serve_forever()
    finally:
        server.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()


async def ask(port: int, path: str) -> bytes:
    """Ask a replica on a connection of its own; return the whole answer. Raises: `OSError`."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n".encode())
        return await reader.read()
    finally:
        writer.close()


async def _probed(port: int) -> Literal["serving", "away", "slow"]:
    """Ask a replica whether it serves."""
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_SECONDS):
            answer = await ask(port, "/health/serving")
    except (OSError, TimeoutError):
        return "away"
    if b" 200 " in answer.partition(b"\r\n")[0]:
        return "serving"
    # A database that answers late is the machine's slowness, not a replica that leaves.
    return "slow" if b'"database"' in answer else "away"


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    raw = writer.get_extra_info("socket")
    if raw is not None and raw.fileno() >= 0:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
