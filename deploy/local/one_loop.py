"""Hosting in one event loop: each service's app on a uvicorn server of its own."""

import asyncio
import socket
from dataclasses import dataclass
from typing import Any

from deploy.catalogue import Catalogue, ServiceSpec, resolve
from deploy.errors import StackError
from deploy.local.hosting import StackSettings
from deploy.serving.config import Server, uvicorn_config
from deploy.serving.start import read_settings
from domain_services.kernel.database.failures import outage


@dataclass(frozen=True)
class _Hosted:
    """A running service."""

    server: Server
    task: asyncio.Task[None]
    """Ends with the server."""


class OneLoop:
    """Hosting of every service in the running event loop; one that ends is not replaced."""

    def __init__(self) -> None:
        self._hosted: list[_Hosted] = []

    def load(self, catalogue: Catalogue) -> None:
        for spec in catalogue:
            resolve(spec.factory)
            resolve(spec.settings)

    async def start(
        self, spec: ServiceSpec, settings: StackSettings, listener: socket.socket
    ) -> None:
        app = resolve(spec.factory)(read_settings(spec, **settings))
        self._hosted.append(host(spec.name, app, listener))

    def settle(self) -> None:
        pass

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        return [service.task for service in self._hosted]

    async def stop(self, seconds: float) -> None:
        services, self._hosted = self._hosted, []
        try:
            async with asyncio.timeout(seconds):
                for service in services:
                    service.server.should_exit = True
                    await asyncio.wait([service.task])
        except TimeoutError:
            for service in services:
                service.server.should_exit = service.server.force_exit = True
            await asyncio.wait([service.task for service in services], timeout=2.0)
        finally:
            for service in services:
                service.task.cancel()
            await asyncio.gather(*(service.task for service in services), return_exceptions=True)


def host(name: str, app: Any, listener: socket.socket) -> _Hosted:
    """Begin to serve an ASGI app on a listening socket; must be called in a running loop."""
    start = _Start(app)
    config = uvicorn_config(app)
    config.app = start
    server = Server(config)
    return _Hosted(server, asyncio.create_task(_serve(name, server, listener, start), name=name))


class _Start:
    """ASGI app that remembers why its start failed."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.failure: Exception | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            if scope["type"] == "lifespan":
                self.failure = error
            raise

    def reason(self, name: str) -> str:
        """Say why the start of the service `name` failed."""
        if self.failure is None:
            return "its log says why"
        trouble = outage(self.failure)
        if trouble is not None:
            return trouble.sentence(f"the database of {name}")
        return f"{type(self.failure).__name__}: {self.failure}"


async def _serve(name: str, server: Server, listener: socket.socket, start: _Start) -> None:
    try:
        await server.serve([listener])
    except SystemExit as error:
        # uvicorn's way to report a failed lifespan; left alone it would end the whole loop.
        raise StackError(f"{name} did not start: {start.reason(name)}") from error
    finally:
        listener.close()
