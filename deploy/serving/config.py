"""Server of an app: the options of uvicorn, the same for every way to host a service."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal, cast

import uvicorn

from deploy.serving.connections import Connections
from deploy.serving.http_protocol import HttpProtocol
from domain_services.kernel.http_limits import HttpLimits
from domain_services.kernel.settings import KernelSettings
from domain_services.kernel.telemetry import Metrics
from domain_services.kernel.web.refusals import Refusals

# A request that is still under way this long after the last one was accepted is cancelled.
FINISH_SECONDS = 20
# A connection accepted in the last moment gets this long to bring its request.
LAST_REQUEST_SECONDS = 0.1


def uvicorn_config(
    app: Any,
    settings: KernelSettings | None = None,
    *,
    lifespan: Literal["on", "off"] = "on",
    host: str = "127.0.0.1",
    port: int = 8000,
) -> uvicorn.Config:
    """Make the configuration of the server of an ASGI app.

    `settings` hold its limits; None: those of the app's own settings, or the defaults. `host` and
    `port` are for a server without a listening socket.
    """
    state = getattr(app, "state", None)
    settings = settings or getattr(state, "settings", None)
    limits = HttpLimits() if settings is None else settings.http
    refusals = getattr(state, "refusals", None) or Refusals(Metrics().refused)
    protocol = partial(
        HttpProtocol, limits=limits, connections=Connections(limits), refusals=refusals
    )
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        lifespan=lifespan,
        http=cast(Any, protocol),
        ws="none",
        access_log=False,
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
