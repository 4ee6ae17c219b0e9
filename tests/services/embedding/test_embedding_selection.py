"""Selection of the model while probes hang and requests fail."""

import asyncio
from typing import Any

from domain_services.embedding.engines.port import Engine, EngineFailed, RemoteEngine
from domain_services.embedding.engines.selection import Selection, pause_seconds
from tests.services.embedding.conftest import TEXT
from tests.services.embedding.ollama_double import vector_of


class Scripted(RemoteEngine):
    """Remote model whose probes hang until `answering` is set, and whose texts fail."""

    name = "scripted"

    def __init__(self) -> None:
        self.probing = asyncio.Event()
        self.answering = asyncio.Event()
        self.probes = 0

    async def probe(self) -> None:
        self.probes += 1
        self.probing.set()
        await self.answering.wait()

    async def embed(self, texts: Any) -> list[list[float]]:
        raise EngineFailed("timeout", f"no answer to {len(texts)} texts")


class Constant(Engine):
    """Local model that always answers."""

    name = "constant"

    async def embed(self, texts: Any) -> list[list[float]]:
        return [vector_of(text) for text in texts]


async def test_requests_do_not_wait_for_a_hanging_probe() -> None:
    remote = Scripted()
    selection = Selection(remote, Constant(), recheck_seconds=600, on_failure=lambda _: None)
    watching = asyncio.create_task(selection.loop().run())
    await remote.probing.wait()
    assert (await selection.embed([TEXT])).model == "constant"
    assert not selection.ollama_available
    watching.cancel()


async def test_failure_is_counted_once_and_ollama_is_probed_again() -> None:
    remote = Scripted()
    remote.answering.set()
    failures: list[EngineFailed] = []
    selection = Selection(remote, Constant(), recheck_seconds=600, on_failure=failures.append)
    watching = asyncio.create_task(selection.loop().run())
    await selection.probed.wait()
    remote.probing.clear()
    remote.answering.clear()
    assert (await selection.embed([TEXT])).model == "constant"
    assert (await selection.embed([TEXT])).model == "constant"
    assert [failure.reason for failure in failures] == ["timeout"]
    async with asyncio.timeout(20):
        await remote.probing.wait()
    assert remote.probes == 2
    watching.cancel()


def test_pause_doubles_with_failures_in_a_row() -> None:
    assert [pause_seconds(failures, 30) for failures in (1, 2, 3, 6, 5000)] == [1, 2, 4, 30, 30]
