"""PostgreSQL, Valkey and the stack itself harmed in turn, and a full disk, under clients."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import psutil
import pytest

from deploy.local.daemons import ended
from tests.disks import fill, small_disk
from tests.faults import ledger
from tests.faults.fleet import until
from tests.faults.ledger import Ledger
from tests.faults.test_killed_stack import QUIET_SECONDS, SEED
from tests.faults.whole_stack import WholeStack, whole_stack

pytestmark = pytest.mark.faults

BACK_SECONDS = 5
# The promise is for a machine that does what it usually does: two runnable processes a core.
USUAL_LOAD_A_CORE = 2.0
SHORTEST_STOP, LONGEST_STOP = 5, 20
DISK_BYTES = 400 << 20
CLIENTS = (ledger.sprints, ledger.orchestrations)


class Probe:
    """Writer beside the clients that tells when writes are taken again."""

    def __init__(self, stack: WholeStack) -> None:
        self._stack = stack
        self.answers: list[httpx.Response] = []

    async def write(self, tasks: int = 1) -> httpx.Response | None:
        """Add tasks; None without an answer."""
        body = {"tasks": [{"title": "probe", "description": "x" * 9000}] * tasks}
        try:
            answer = await self._stack.call("backlog", "POST", "/backlogs/PROBE/tasks", body)
        except httpx.TransportError:
            return None
        self.answers.append(answer)
        return answer

    async def is_taken(self) -> bool:
        answer = await self.write()
        return answer is not None and answer.status_code == 201

    def strange_answers(self) -> list[str]:
        """Return answers that are neither taken nor a problem that says when to come again."""
        return [
            f"{answer.status_code} {answer.text[:200]}"
            for answer in self.answers
            if answer.status_code != 201
            and not (
                answer.status_code == 503
                and answer.headers["content-type"] == "application/problem+json"
                and "retry-after" in answer.headers
            )
        ]


class Harm:
    """Harms of one stack; each returns the seconds from its repair to the first write."""

    def __init__(self, stack: WholeStack, probe: Probe, seed: int) -> None:
        self._stack = stack
        self._probe = probe
        self._chance = random.Random(seed)

    async def _first_write(self) -> float:
        return await until(self._probe.is_taken, "a write after the repair", 120)

    async def kill(self, name: str) -> float:
        """Kill a server; the stack starts it again, which is part of the time."""
        server = (await asyncio.to_thread(self._stack.server, name))[0]
        server.kill()
        await asyncio.to_thread(ended, server, 10)
        return await self._first_write()

    async def stop(self, name: str) -> float:
        """Stop a server, or the stack's own process, for some seconds, and let it go on."""
        processes = [self._stack.process] if name == "the stack" else self._stack.server(name)
        # A backend alone goes on: what is stopped is the whole server.
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(self._chance.uniform(SHORTEST_STOP, LONGEST_STOP))
        finally:
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGCONT)
        return await self._first_write()


HARMS: tuple[tuple[str, str], ...] = (
    ("kill", "PostgreSQL"),
    ("kill", "Valkey"),
    ("stop", "PostgreSQL"),
    ("stop", "Valkey"),
    ("stop", "the stack"),
)


@asynccontextmanager
async def working(stack: WholeStack) -> AsyncIterator[tuple[Ledger, Probe]]:
    """Let the clients work during the block; then compare the stores with their ledger."""
    start = await stack.start()
    assert start.failure is None, start.failure
    writes, stop, probe = Ledger(patience_seconds=180), asyncio.Event(), Probe(stack)
    projects = [f"TURN-{team}" for team in range(len(CLIENTS))]
    for project in [*projects, "PROBE"]:
        answer = await stack.call("project", "POST", "/projects", {"id": project, "name": "P"})
        assert answer.status_code == 201, answer.text
    async with asyncio.TaskGroup() as work:
        for project, client in zip(projects, CLIENTS, strict=True):
            work.create_task(client(stack, writes, project, stop))
        yield writes, probe
        stop.set()
    assert await stack.stores.wait_until_quiet(QUIET_SECONDS) == []
    counted = await writes.audit(stack.stores)
    assert (counted["lost writes"], counted["duplicated writes"]) == (0, 0)
    assert await stack.stores.violations() == []
    assert writes.internal_errors == []
    assert probe.strange_answers() == []


def is_usual(load: float) -> bool:
    return load <= USUAL_LOAD_A_CORE * (os.cpu_count() or 1)


def judged(seconds: float, load: float) -> str:
    """Say how long the first write took, and whether it is as promised at this load."""
    word = "as promised" if seconds <= BACK_SECONDS else "TOO LATE"
    if not is_usual(load) and seconds > BACK_SECONDS:
        word = "not judged at this load"
    return f"first write after {seconds:4.1f} s (at most {BACK_SECONDS}) at load {load:.1f}: {word}"


def late_writes(
    record_property: Callable[[str, Any], None], figure: str, times: list[Any]
) -> list[str]:
    """Record the times until the first write; return the harms after which it came too late."""
    lines = [f"{name:20} {judged(seconds, load)}" for name, seconds, load in times]
    print("", *lines, sep="\n")
    record_property("figure", (figure, lines))
    return [name for name, seconds, load in times if seconds > BACK_SECONDS and is_usual(load)]


async def test_stores_and_stack_harmed_in_turn_are_back_soon(record_property: Any) -> None:
    times: list[tuple[str, float, float]] = []
    async with whole_stack() as stack, working(stack) as (_, probe):
        harm = Harm(stack, probe, SEED)
        for _ in range(2):
            for kind, name in HARMS:
                # The clients are in full work again, and the breakers closed.
                await until(probe.is_taken, "a write before the harm", 60)
                method: Callable[[str], Awaitable[float]] = getattr(harm, kind)
                seconds = await method(name)
                times.append((f"{kind} {name}", seconds, os.getloadavg()[0]))
    figure = f"stores harmed in turn under {len(CLIENTS)} clients"
    assert late_writes(record_property, figure, times) == []


async def test_full_disk_loses_nothing_is_named_and_is_over_soon(record_property: Any) -> None:
    times: list[tuple[str, float, float]] = []
    with small_disk(DISK_BYTES) as disk:
        async with whole_stack(folder=disk) as stack, working(stack) as (_, probe):
            for round_number in (1, 2):
                file = await asyncio.to_thread(fill, disk)

                async def is_refused() -> bool:
                    answer = await probe.write(20)
                    return answer is not None and answer.status_code == 503

                async def is_named() -> bool:
                    status = await asyncio.to_thread(stack.status)
                    sentences = [line for lines in status["attention"].values() for line in lines]
                    return not status["healthy"] and any("disk is full" in s for s in sentences)

                try:
                    await until(is_refused, "a write that the full disk refuses", 60)
                    await until(is_named, "the full disk in `dsm status`", 60)
                finally:
                    file.unlink()
                seconds = await until(probe.is_taken, "a write after there is room", 120)
                times.append((f"full disk, round {round_number}", seconds, os.getloadavg()[0]))
    figure = f"a full disk under {len(CLIENTS)} clients"
    assert late_writes(record_property, figure, times) == []
