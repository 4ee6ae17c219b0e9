"""Server of an app: the options of uvicorn, the same for every way to host a service."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import uvicorn

# A request that is still under way this long after the last one was accepted is cancelled.
FINISH_SECONDS = 20
# Longer than any client keeps an idle connection, or one would be closed as it is used.
KEEP_ALIVE_SECONDS = 60
# A connection accepted in the last moment gets this long to bring its request.
LAST_REQUEST_SECONDS = 0.1


def uvicorn_config(app: Any, *, lifespan: Literal["on", "off"] = "on") -> uvicorn.Config:
    """Make the configuration of the server of an ASGI app."""
    return uvicorn.Config(
        app,
        lifespan=lifespan,
        http="httptools",
        ws="none",
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=FINISH_SECONDS,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # no service uses the address of its caller
    )


class Server(uvicorn.Server):
    """Server that leaves the process's signals to its host."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # uvicorn closes connections without a request in the moment in which it stops to accept.
        for server in self.servers:
            server.close()
        await asyncio.sleep(LAST_REQUEST_SECONDS)
        await super().shutdown(sockets)
