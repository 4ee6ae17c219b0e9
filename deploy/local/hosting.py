"""Host each service's app on a uvicorn server of its own, all in one event loop."""

import asyncio
import http.client
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploy.errors import StackError
from deploy.serving.config import Server, uvicorn_config

_PROBE_SECONDS = 5.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Hosted:
    """A running service."""

    name: str
    server: Server
    task: asyncio.Task[None]
    """Ends with the server."""


def host(name: str, app: Any, listener: socket.socket) -> Hosted:
    """Begin to serve an ASGI app on a listening socket; must be called in a running loop."""
    server = Server(uvicorn_config(app))
    return Hosted(name, server, asyncio.create_task(_serve(name, server, listener), name=name))


async def _serve(name: str, server: Server, listener: socket.socket) -> None:
    try:
        await server.serve([listener])
    except SystemExit as error:
        # uvicorn's way to report a failed lifespan; left alone it would end the whole loop.
        raise StackError(f"{name} did not start; its log says why") from error
    finally:
        listener.close()


async def drain(services: list[Hosted], seconds: float) -> None:
    """Let each service finish its requests, one after the other in the given order.

    After `seconds` the remaining ones are stopped at once.
    """
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


async def wait_ready(urls: Mapping[str, str], seconds: float) -> None:
    """Wait until every /health/ready answers 200. Raises: `StackError` naming those that do not."""
    answers: dict[str, str] = dict.fromkeys(urls, "no answer")
    try:
        async with asyncio.timeout(seconds):
            while answers:
                waiting = list(answers)
                probes = await asyncio.gather(
                    *(asyncio.to_thread(probe, urls[name]) for name in waiting)
                )
                answers = {
                    name: answer
                    for name, answer in zip(waiting, probes, strict=True)
                    if answer != "ready"
                }
                if answers:
                    await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        reasons = "; ".join(f"{name}: {answer}" for name, answer in answers.items())
        raise StackError(f"not ready after {seconds:.0f} s: {reasons}") from None


def probe(url: str) -> str:
    """Ask a service for its readiness: "ready", or the reason why it is not."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", "/health/ready")
        response = connection.getresponse()
        body = response.read(300).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    return "ready" if response.status == 200 else f"{response.status} {body}"
