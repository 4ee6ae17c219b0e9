"""One caller cannot take every place: others find one, and the queue is served in turns."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from domain_services.kernel.web.admission import Admission, Overloaded
from tests.conftest import AUTH, OPERATOR_KEY, VIEWER_KEY
from tests.kernel.raw_http import Service, request, service


def admission(**values: float) -> Admission:
    places = {
        "most_running": 4,
        "most_waiting": 4,
        "most_running_each": 3,
        "most_waiting_each": 3,
        "wait_seconds": 30,
    }
    return Admission(**(places | values))  # type: ignore[arg-type]


class Requests:
    """Requests at an admission that run until they are ended."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._ends: dict[int, asyncio.Event] = {}
        self.tasks: list[asyncio.Task[None]] = []
        self.turns: list[str] = []
        """Callers in the order in which their requests ran."""

    async def add(self, *callers: str, may_fill: bool = False) -> None:
        for caller in callers:
            self.tasks.append(asyncio.create_task(self._run(caller, len(self.tasks), may_fill)))
            await asyncio.sleep(0)

    async def _run(self, caller: str, number: int, may_fill: bool) -> None:
        end = self._ends[number] = asyncio.Event()
        async with self._admission.admitted(caller, may_fill=may_fill):
            self.turns.append(caller)
            await end.wait()

    async def end(self, number: int) -> None:
        self._ends[number].set()
        for _ in range(5):
            await asyncio.sleep(0)

    def refused(self) -> list[int]:
        return [
            number
            for number, task in enumerate(self.tasks)
            if task.done() and isinstance(task.exception(), Overloaded)
        ]


@asynccontextmanager
async def requests(**values: float) -> AsyncIterator[Requests]:
    queue = Requests(admission(**values))
    yield queue
    for task in queue.tasks:
        task.cancel()
    await asyncio.gather(*queue.tasks, return_exceptions=True)


async def test_one_caller_leaves_places_to_others() -> None:
    async with requests() as queue:
        await queue.add(*"aaaaaaaa")
        assert queue.turns == list("aaa")
        assert queue.refused() == [6, 7]  # three wait
        await queue.add("b")
        assert queue.turns == list("aaab")


async def test_next_turn_is_of_the_caller_with_the_fewest_running_requests() -> None:
    async with requests() as queue:
        await queue.add(*"aaabaab")
        await queue.end(0)
        assert queue.turns == list("aaabb")
        await queue.end(3)
        assert queue.turns == list("aaabba")


async def test_callers_that_are_equal_take_turns() -> None:
    async with requests(most_running=1, most_waiting=9, most_waiting_each=9) as queue:
        await queue.add(*"caaabbb")
        for number in (0, 1, 4, 2, 5, 3):
            await queue.end(number)
        assert queue.turns == list("cababab")


async def test_full_queue_yields_to_a_caller_who_waits_for_less() -> None:
    async with requests(most_waiting=3) as queue:
        await queue.add(*"aaabbaa")  # the second of b and two of a wait
        await queue.add("a")
        await queue.add("c")
        await queue.end(0)
        assert queue.refused() == [6, 7]
        assert queue.turns == list("aaabc")


async def test_service_may_have_every_place() -> None:
    """It calls for many people; its own queue is shared by them."""
    async with requests() as queue:
        await queue.add(*"ssssssss", may_fill=True)
        assert queue.turns == list("ssss")
        assert queue.refused() == []
        await queue.add("s", may_fill=True)
        assert queue.refused() == [8]


@pytest.mark.parametrize("reason", ["cancelled", "late"])
async def test_place_is_not_lost_with_one_who_gives_up(reason: str) -> None:
    admitted = admission(most_running=1, wait_seconds=0.05 if reason == "late" else 30)
    async with admitted.admitted("a"):
        waiting = asyncio.create_task(_pass(admitted, "b"))
        await asyncio.sleep(0)
        if reason == "cancelled":
            waiting.cancel()
        with suppress(Overloaded, asyncio.CancelledError):
            await waiting
        assert (admitted.running, admitted.waiting) == (1, 0)
    assert (admitted.running, admitted.waiting) == (0, 0)
    await _pass(admitted, "c")


async def test_turn_that_comes_with_a_cancellation_is_passed_on() -> None:
    admitted = admission(most_running=1)
    async with admitted.admitted("a"):
        first = asyncio.create_task(_pass(admitted, "b"))
        second = asyncio.create_task(_pass(admitted, "c"))
        await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([second], timeout=10)
    assert second.done()
    assert (admitted.running, admitted.waiting) == (0, 0)


async def _pass(admitted: Admission, caller: str) -> None:
    async with admitted.admitted(caller):
        pass


async def _statuses(served: Service, count: int, head: bytes) -> list[int]:
    peers = [await served.connect() for _ in range(count)]
    for peer in peers:
        await peer.send(head)
    return [(await peer.answer()).status for peer in peers]


async def test_caller_with_200_requests_refuses_nobody_else() -> None:
    async with service(max_wait_seconds=1) as served:
        many = asyncio.create_task(_statuses(served, 200, request("GET", "/gate", key=VIEWER_KEY)))
        async with asyncio.timeout(30):
            while served.refused("overloaded") < 128:  # 24 run, 48 wait
                await asyncio.sleep(0.01)
        ordinary = request("GET", "/things/a", key=OPERATOR_KEY)
        assert await _statuses(served, 20, ordinary) == [200] * 20
        served.app.state.gate.set()
        assert sorted(await many)[0] == 200


async def test_key_of_a_service_passes_while_a_person_fills_the_queue() -> None:
    """A service works for others who wait for it."""
    key = {"name": "caller", "role": "service", "calls": ["raw-service"]}
    digest = hashlib.sha256(b"dsm_of-a-calling-service").hexdigest()
    auth = {"keys": [*AUTH["keys"], key | {"sha256": digest}]}
    async with service(auth=auth) as served:
        many = asyncio.create_task(_statuses(served, 100, request("GET", "/gate", key=VIEWER_KEY)))
        async with asyncio.timeout(30):
            while served.refused("overloaded") < 28:
                await asyncio.sleep(0.01)
        calls = request("GET", "/things/a", key="dsm_of-a-calling-service")
        assert await _statuses(served, 40, calls) == [200] * 40
        served.app.state.gate.set()
        await many
