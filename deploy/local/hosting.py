"""Hosting of a stack's services: what both ways have in common, and the wait for readiness."""

import asyncio
import http.client
import socket
from collections.abc import Mapping, Sequence
from typing import NotRequired, Protocol, TypedDict

from deploy.catalogue import Catalogue, ServiceSpec
from deploy.errors import StackError
from domain_services.kernel.settings import AuthSettings

_PROBE_SECONDS = 5.0
_POLL_SECONDS = 0.05


class StackSettings(TypedDict):
    """Settings that a stack gives to each service."""

    host: str
    port: int
    redis_url: str
    peers: dict[str, str]
    auth: AuthSettings
    database_url: NotRequired[str]


class Hosting(Protocol):
    """A way to run the services of a stack (docs/adr/0094-hosting-by-processes.md)."""

    def load(self, catalogue: Catalogue) -> None:
        """Prepare, while the servers start, what takes this process's time."""
        ...

    async def start(
        self, spec: ServiceSpec, settings: StackSettings, listener: socket.socket
    ) -> None:
        """Begin to serve on a listening socket, which this hosting closes."""
        ...

    def settle(self) -> None:
        """Take note that all services are ready: the start is over."""
        ...

    @property
    def tasks(self) -> Sequence[asyncio.Task[None]]:
        """Tasks by the names of the services; each ends when its service has ended for good."""
        ...

    async def stop(self, seconds: float) -> None:
        """Let each service finish, in the order of their start; after `seconds` end the rest."""
        ...


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
