"""Hosting of a stack's services: what both ways have in common, and the wait for readiness."""

import asyncio
import http.client
import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NotRequired, Protocol, TypedDict, cast

from deploy.catalogue import Catalogue, ServiceSpec
from deploy.errors import StackError
from domain_services.kernel.settings import AuthSettings

_PROBE_SECONDS = 5.0
_POLL_SECONDS = 0.05
_LONGEST_POLL_SECONDS = 0.8
_MOST_BYTES = 64 * 1024
_SHOWN_CHARACTERS = 300


class StackSettings(TypedDict):
    """Settings that a stack gives to each service."""

    host: str
    port: int
    redis_url: str
    peers: dict[str, str]
    auth: AuthSettings
    database_url: NotRequired[str]
    audit_key: NotRequired[str]
    """Key that signs the cuts of the chronicle."""


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
    pause = _POLL_SECONDS
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
                    await asyncio.sleep(pause)
                    # On a busy machine the questions themselves would delay the start.
                    pause = min(2 * pause, _LONGEST_POLL_SECONDS)
    except TimeoutError:
        reasons = "; ".join(f"{name}: {answer}" for name, answer in answers.items())
        raise StackError(f"not ready after {seconds:.0f} s: {reasons}") from None


def probe(url: str) -> str:
    """Ask a service for its readiness: "ready", or the reason why it is not."""
    return ask(url).state


@dataclass(frozen=True)
class Readiness:
    """Answer of a service to the question whether it is ready."""

    state: str
    """"ready", or the reason why it is not."""
    attention: tuple[str, ...] = ()
    """What a person is to look at, in sentences."""
    autonomy: str | None = None
    """How far the projects act by themselves; None from all but the orchestrator."""


def ask(url: str) -> Readiness:
    """Ask a service for its readiness and for what needs a person's attention."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", "/health/ready")
        response = connection.getresponse()
        body = response.read(_MOST_BYTES)
    except (OSError, http.client.HTTPException) as error:
        return Readiness(str(error) or type(error).__name__)
    finally:
        connection.close()
    return read_answer(response.status, body)


def read_answer(status: int, body: bytes) -> Readiness:
    """Read the answer of GET /health/ready."""
    sentences: list[object] = []
    autonomy: object = None
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if isinstance(document, dict):
        attention = cast(dict[str, object], document).get("attention")
        sentences = cast(list[object], attention) if isinstance(attention, list) else []
        autonomy = cast(dict[str, object], document).get("autonomy")
    words = tuple(str(sentence)[:_SHOWN_CHARACTERS] for sentence in sentences)
    if status == 200:
        short = autonomy[:_SHOWN_CHARACTERS] if isinstance(autonomy, str) else None
        return Readiness("ready", words, short)
    text = body.decode(errors="replace")[:_SHOWN_CHARACTERS]
    # The sentences say why in words, better than the document.
    return Readiness(f"{status} not ready" if words else f"{status} {text}", words)
