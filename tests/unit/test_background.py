"""A background loop goes on after failures, is woken, shows its state, and ends when cancelled."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from domain_services.kernel.background import (
    LONGEST_CHORE_RETRY_SECONDS,
    LONGEST_RETRY_SECONDS,
    Background,
    Loop,
    every,
    for_each,
    is_cancelled,
    retry_pause,
    running,
)


class Unforeseen(Exception):
    """Exception that no loop lists."""


class Pauses:
    """Sleep that returns at once, records its seconds, and ends the loop after `limit`."""

    def __init__(self, limit: int) -> None:
        self.seconds: list[float | None] = []
        self._limit = limit

    async def __call__(self, seconds: float | None, wake: asyncio.Event) -> None:
        self.seconds.append(seconds)
        if len(self.seconds) == self._limit:
            raise asyncio.CancelledError


async def repeat(loop: Loop) -> None:
    """Run a loop until its sleep ends it."""
    with pytest.raises(asyncio.CancelledError):
        await loop.run()


def outcomes(*rounds: object) -> Callable[[], Awaitable[object]]:
    """Make work whose rounds return these values, or raise those that are exceptions."""
    remaining = iter(rounds)

    async def work() -> object:
        outcome = next(remaining)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return work


async def test_loop_goes_on_after_an_exception_that_nobody_listed() -> None:
    pauses = Pauses(3)
    work = outcomes(Unforeseen("first"), asyncio.CancelledError("leaked"), None)
    loop = every(60, work, name="test", sleep=pauses, clock=lambda: 7.0)
    await repeat(loop)
    assert pauses.seconds == [1, 2, 60]
    assert (loop.restarts, loop.failures, loop.last_success) == (2, 0, 7.0)


async def test_failing_item_is_named_in_the_log_and_the_others_are_worked_on() -> None:
    worked: list[str] = []

    async def work_on(item: str) -> None:
        if item == "b":
            raise Unforeseen("no such thing")
        worked.append(item)

    async def work() -> None:
        await for_each("abc", work_on, name=lambda item: f"item {item}")

    with capture_logs() as logs:
        await repeat(every(60, work, name="letters", sleep=Pauses(1)))
    assert worked == ["a", "c"]
    [line] = logs
    assert (line["event"], line["loop"], line["item"]) == ("background.failed", "letters", "item b")
    assert line["error"] == "Unforeseen: no such thing"


async def test_results_of_items_come_in_order() -> None:
    async def double(number: int) -> int:
        return 2 * number

    assert await for_each([1, 2, 3], double, name=str) == [2, 4, 6]


async def test_traceback_is_logged_once_an_outage() -> None:
    work = outcomes(Unforeseen("1"), Unforeseen("2"), None, Unforeseen("3"))
    with capture_logs() as logs:
        await repeat(every(60, work, name="test", sleep=Pauses(4)))
    assert [line["exc_info"] is not None for line in logs] == [True, False, True]
    assert [line["failures"] for line in logs] == [1, 2, 1]


async def test_pause_grows_with_failures_up_to_a_limit() -> None:
    pauses = Pauses(6)
    await repeat(every(0, outcomes(*(Unforeseen() for _ in range(6))), name="t", sleep=pauses))
    assert pauses.seconds == [1, 2, 4, LONGEST_RETRY_SECONDS] + 2 * [LONGEST_RETRY_SECONDS]
    assert retry_pause(5000, 1, 3600) == LONGEST_CHORE_RETRY_SECONDS
    assert retry_pause(5000, 1, None) == LONGEST_RETRY_SECONDS


async def test_full_batch_is_followed_by_the_next_at_once() -> None:
    pauses = Pauses(3)
    await repeat(every(60, outcomes(True, 20, None), name="test", sleep=pauses))
    assert pauses.seconds == [0, 60, 60]


async def test_first_round_waits_for_its_own_interval() -> None:
    pauses = Pauses(2)
    await repeat(every(3600, outcomes(None), name="test", sleep=pauses, first_after=60))
    assert pauses.seconds == [60, 3600]


@pytest.mark.parametrize("seconds", [None, 3600])
async def test_loop_is_woken_at_once(seconds: float | None) -> None:
    rounds: asyncio.Queue[None] = asyncio.Queue()
    wake = asyncio.Event()

    async def work() -> None:
        rounds.put_nowait(None)

    loop = every(seconds, work, name="test", wake=wake)
    async with asyncio.timeout(10), running(loop):
        for _ in range(3):
            await rounds.get()
            wake.set()
    assert loop.failures == 0


async def test_wake_during_the_work_is_not_lost() -> None:
    wake = asyncio.Event()
    rounds = 0
    second = asyncio.Event()

    async def work() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            wake.set()
        else:
            second.set()

    async with asyncio.timeout(10), running(every(None, work, name="test", wake=wake)):
        await second.wait()
    assert rounds == 2


async def test_failing_loop_is_not_woken_before_its_pause_ends() -> None:
    wake, passed = asyncio.Event(), list[bool]()

    async def sleep(seconds: float | None, event: asyncio.Event) -> None:
        passed.append(event is wake)
        if len(passed) == 2:
            raise asyncio.CancelledError

    await repeat(every(1, outcomes(Unforeseen(), None), name="t", wake=wake, sleep=sleep))
    assert passed == [False, True]


async def test_states_tell_a_failing_and_a_stopped_loop() -> None:
    paused = asyncio.Event()

    async def pause(_: float | None, __: asyncio.Event) -> None:
        paused.set()
        await asyncio.Event().wait()

    async def broken(_: float | None, __: asyncio.Event) -> None:
        raise Unforeseen("a bug in the loop itself")

    background = Background()
    failing = every(1, outcomes(Unforeseen()), name="failing", sleep=pause)
    stopped = every(1, outcomes(None), name="stopped", sleep=broken)
    with capture_logs() as logs:
        async with background.running(stopped, failing):
            assert background.troubled() == {}
            await paused.wait()
            assert background.troubled() == {"stopped": "stopped", "failing": "failing"}
    assert [line["loop"] for line in logs if line["event"] == "background.died"] == ["stopped"]
    assert background.troubled() == {}


async def test_two_loops_of_one_name_are_refused() -> None:
    loops = [every(1, outcomes(), name="twin") for _ in range(2)]
    with pytest.raises(ValueError, match="twin"):
        async with Background().running(*loops):
            pass


class Deaf:
    """Work that loses its first cancellation, as `asyncio.wait_for` can on Python 3.11."""

    def __init__(self) -> None:
        self.waiting = asyncio.Event()
        self.lost = 0

    async def wait(self) -> None:
        self.waiting.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.lost += 1
            if self.lost > 1:
                raise

    async def wait_always(self) -> None:
        while True:
            await self.wait()


@pytest.mark.parametrize(("name", "lost"), [("wait", 1), ("wait_always", 2)])
async def test_work_that_loses_a_cancellation_ends_all_the_same(name: str, lost: int) -> None:
    deaf = Deaf()
    work: Any = getattr(deaf, name)
    async with asyncio.timeout(10), running(every(0, work, name="deaf")):
        await deaf.waiting.wait()
    assert deaf.lost == lost
    assert not is_cancelled()


async def test_loop_is_cancelled_during_its_pause() -> None:
    done = asyncio.Event()

    async def work() -> None:
        done.set()

    loop = every(3600, work, name="test")
    async with asyncio.timeout(10), running(loop):
        await done.wait()
    assert loop.state == "stopped"
