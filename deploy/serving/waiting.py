"""Answers of a process that waits for its database's schema and serves nothing yet."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from deploy.serving.config import Server, uvicorn_config
from domain_services.kernel.settings import KernelSettings

# A kubelet that got no answer would restart the process in the middle of a long migration:
# docs/adr/0093-drain-before-leaving.md.
_LIVE = b'{"status": "ok"}'
_WAITING = b'{"status": "not_serving", "reason": "schema"}'


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Answer GET /health with 200, as an ASGI app, and everything else with 503."""
    is_live = scope["path"] == "/health"
    body = _LIVE if is_live else _WAITING
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *([] if is_live else [(b"retry-after", b"1")]),
    ]
    status = 200 if is_live else 503
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def answering(listener: socket.socket, settings: KernelSettings) -> AsyncIterator[None]:
    """Answer on `listener` during the block; connections after it wait for the next server."""
    server = Server(uvicorn_config(answer, settings, lifespan="off"))
    serving = asyncio.create_task(server.serve([listener.dup()]), name="waiting")
    try:
        yield
    finally:
        server.should_exit = True
        await serving
