"""Metrics and readiness show a failing background loop."""

import asyncio
from typing import Any

import pytest

from domain_services.kernel.background import (
    SHOWN_FAILURES,
    Background,
    ItemsFailed,
    every,
    for_each,
    running,
)
from tests.kernel.conftest import BoxService
from tests.kernel.test_telemetry import metric


async def ready(box: BoxService) -> tuple[int, Any]:
    answer = await box.http.get("/health/ready")
    return answer.status_code, answer.json()


async def test_failing_loop_shows_in_metrics_and_readiness(box: BoxService) -> None:
    fail, stop, paused = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        if fail.is_set():
            raise RuntimeError("the store is away")

    async def sleep(seconds: float | None, wake: asyncio.Event) -> None:
        paused.set()
        await (stop if fail.is_set() else fail).wait()
        paused.clear()
        if stop.is_set():
            raise RuntimeError("a bug in the loop itself")

    background: Background = box.app.state.background
    loop = every(1, work, name="chores", sleep=sleep, clock=lambda: 1234.0)
    up, restarts = 'dsm_background_up{loop="chores"}', "dsm_background_restarts_total"
    async with background.running(loop):
        await paused.wait()
        assert await metric(box, up) == 1
        assert await metric(box, f'{restarts}{{loop="chores"}}') == 0
        assert await metric(box, 'dsm_background_last_success_seconds{loop="chores"}') == 1234
        status, body = await ready(box)
        assert status == 200
        assert "background" not in body

        fail.set()
        while not loop.failures:
            await asyncio.sleep(0)
        assert await metric(box, up) == 0
        assert await metric(box, f'{restarts}{{loop="chores"}}') == 1
        # Requests are answered meanwhile, so the service stays ready.
        status, body = await ready(box)
        assert (status, body["status"]) == (200, "ready")
        assert body["background"] == {"chores": "failing"}

        stop.set()
        while loop.state != "stopped":
            await asyncio.sleep(0)
        assert await metric(box, up) == 0
        status, body = await ready(box)
        assert (status, body["status"]) == (503, "not_ready")
        assert body["background"] == {"chores": "stopped"}
    assert (await ready(box))[0] == 200


class Panic(BaseException):
    """Failure of a library that is no `Exception`, as a panic in Rust."""


async def test_loop_goes_on_after_a_failure_that_is_no_exception() -> None:
    rounds: list[int] = []

    async def work() -> None:
        rounds.append(len(rounds))
        if len(rounds) == 1:
            raise Panic("out of range")

    async def sleep(_seconds: float | None, _wake: asyncio.Event) -> None:
        await asyncio.sleep(0)

    loop = every(1, work, name="chores", sleep=sleep)
    async with running(loop):
        while len(rounds) < 3:
            await asyncio.sleep(0)
        assert (loop.state, loop.restarts) == ("ok", 1)


async def test_item_that_panics_stops_no_other() -> None:
    async def work(item: int) -> int:
        if item == 1:
            raise Panic("out of range")
        return item

    with pytest.raises(ItemsFailed, match="item 1"):
        await for_each([1, 2], work, name=lambda item: f"item {item}")


async def test_loop_that_keeps_failing_needs_attention(box: BoxService) -> None:
    async def work() -> None:
        raise RuntimeError("the store is away")

    async def sleep(_seconds: float | None, _wake: asyncio.Event) -> None:
        await (asyncio.sleep(0) if loop.failures < SHOWN_FAILURES else asyncio.Event().wait())

    background: Background = box.app.state.background
    loop = every(1, work, name="chores", sleep=sleep)
    async with background.running(loop):
        while loop.failures < SHOWN_FAILURES:
            await asyncio.sleep(0)
        _, body = await ready(box)
        assert body["attention"] == [
            "the background loop chores has failed 5 times in a row (RuntimeError);"
            " the log says why"
        ]
    assert "attention" not in (await ready(box))[1]
