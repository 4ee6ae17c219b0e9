"""Supervised background loops: repeated work that outlives its failures and shows its state.

`every` makes a loop. `Background` runs the loops of one app; readiness and metrics read it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Literal, TypeVar

import structlog

logger = structlog.get_logger()

Item = TypeVar("Item")
Result = TypeVar("Result")
State = Literal["ok", "failing", "stopped"]
Work = Callable[[], Awaitable[object]]  # True asks for the next round at once
Sleep = Callable[[float | None, asyncio.Event], Awaitable[None]]
Clock = Callable[[], float]

RETRY_SECONDS = 1.0
# An outage costs a loop that serves requests at most this much longer than it lasts.
LONGEST_RETRY_SECONDS = 5.0
# Nobody waits for a rare chore: it does not fill the log while its store is away.
LONGEST_CHORE_RETRY_SECONDS = 60.0
RECANCEL_SECONDS = 0.5
# A store that is away must not hold a leaving process: the lease then ends by itself.
GIVE_BACK_SECONDS = 2.0
# A loop that failed so often in a row is shown to people: a short outage passes by itself.
SHOWN_FAILURES = 5
# These end the process, or the generator that they are thrown into. Other exceptions beside
# `Exception` are failures: a library in Rust panics with a `BaseException`.
_ENDS = (KeyboardInterrupt, SystemExit, GeneratorExit)


class ItemsFailed(Exception):
    """Some items of a round failed; the others were worked on."""

    def __init__(self, failures: Sequence[tuple[str, BaseException]]) -> None:
        super().__init__(f"{len(failures)} failed: {', '.join(name for name, _ in failures)}")
        self.failures = failures


async def for_each(
    items: Iterable[Item],
    work: Callable[[Item], Awaitable[Result]],
    *,
    name: Callable[[Item], str],
    at_once: int = 1,
) -> list[Result]:
    """Work on every item, also when one fails, and return the results in order.

    Up to `at_once` items are worked on at the same time, begun in order. `name` identifies an item
    in the log. Raises: `ItemsFailed` after the last item.
    """
    free_place = asyncio.Semaphore(at_once)
    failures: list[tuple[str, BaseException]] = []

    async def attempt(item: Item) -> list[Result]:
        async with free_place:
            try:
                return [await work(item)]
            except _ENDS:
                raise
            except BaseException as error:
                if isinstance(error, asyncio.CancelledError) and is_cancelled():
                    raise
                failures.append((name(item), error))
                return []

    if at_once == 1:
        outcomes = [await attempt(item) for item in items]
    else:
        outcomes = await asyncio.gather(*(attempt(item) for item in items))
    if failures:
        raise ItemsFailed(failures)
    return [result for outcome in outcomes for result in outcome]


def is_cancelled() -> bool:
    """Tell whether the current task has been cancelled, also when the cancellation got lost.

    `asyncio.wait_for` of Python 3.11, which redis-py uses too, returns a result that arrives in
    the same moment instead of raising. A loop therefore asks before each round.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


@asynccontextmanager
async def giving_back(
    lease: str, give_back: Callable[[], Awaitable[object]]
) -> AsyncIterator[None]:
    """Work on something leased: a cancellation, as when the process leaves, gives it back.

    Another process then goes on at once instead of waiting for the end of the lease. A failure to
    give it back is logged with `lease`, its name.
    """
    try:
        yield
    except asyncio.CancelledError:
        returning = asyncio.ensure_future(give_back())
        until = time.monotonic() + GIVE_BACK_SECONDS
        # Cancelled again meanwhile, as `_cancel` does, it is not given up.
        while not returning.done() and (remaining := until - time.monotonic()) > 0:
            with suppress(asyncio.CancelledError):
                await asyncio.wait([returning], timeout=remaining)
        if not returning.done():
            returning.cancel()
            logger.warning("lease.not_given_back", lease=lease, error="no answer")
        elif error := returning.exception():
            logger.warning("lease.not_given_back", lease=lease, error=str(error))
        raise


async def sleep_or_wake(seconds: float | None, wake: asyncio.Event) -> None:
    """Wait until `wake` is set, for at most `seconds`; without a limit when it is None."""
    if seconds == 0:
        await asyncio.sleep(0)
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await wake.wait()


class Loop:
    """Work repeated until it is cancelled; made by `every`."""

    def __init__(
        self,
        name: str,
        work: Work,
        *,
        seconds: float | None,
        wake: asyncio.Event,
        first_after: float,
        retry_seconds: float,
        serves_requests: bool,
        sleep: Sleep,
        clock: Clock,
    ) -> None:
        self.name = name
        self.serves_requests = serves_requests
        """True when requests under way wait for this loop."""
        self._work = work
        self._seconds = seconds
        self._wake = wake
        self._first_after = first_after
        self._retry_seconds = retry_seconds
        self._sleep = sleep
        self._clock = clock
        self._is_stopped = False
        self.failures = 0
        """Failed rounds since the last good one."""
        self.restarts = 0
        """Failed rounds since the start, after each of which the loop went on."""
        self.last_success: float | None = None
        """Unix time of the last good round in seconds; None before the first."""
        self.last_error: str | None = None
        """Class of the last round's failure; None after a good one."""

    @property
    def state(self) -> State:
        """The loop's state, as readiness shows it."""
        if self._is_stopped:
            return "stopped"
        return "failing" if self.failures else "ok"

    async def run(self) -> None:
        """Repeat the work until the task is cancelled."""
        self._is_stopped = False
        try:
            if self._first_after:
                await self._sleep(self._first_after, asyncio.Event())
            while not is_cancelled():
                # Cleared before the work: what wakes the loop meanwhile is not lost.
                self._wake.clear()
                await self._run_round()
        finally:
            self._is_stopped = True

    async def _run_round(self) -> None:
        try:
            is_more_due = await self._work()
        except asyncio.CancelledError as error:
            # A library's cancelled future can raise this too. It is a failure like any other.
            if is_cancelled():
                raise
            await self._retry(error)
        except _ENDS:
            raise
        except BaseException as error:
            await self._retry(error)
        else:
            self.failures, self.last_error = 0, None
            self.last_success = self._clock()
            await self._sleep(0 if is_more_due is True else self._seconds, self._wake)

    async def _retry(self, error: BaseException) -> None:
        self.failures += 1
        self.restarts += 1
        self.last_error = type(error).__name__
        pause = retry_pause(self.failures, self._retry_seconds, self._seconds)
        for item, cause in _named(error):
            logger.error(
                "background.failed",
                loop=self.name,
                item=item,
                error=f"{type(cause).__name__}: {cause}",
                failures=self.failures,
                retry_seconds=pause,
                # One traceback an outage: the later rounds fail for the same reason.
                exc_info=cause if self.failures == 1 else None,
            )
        # Not woken: a busy producer would defeat the pause.
        await self._sleep(pause, asyncio.Event())


def every(
    seconds: float | None,
    work: Work,
    *,
    name: str,
    wake: asyncio.Event | None = None,
    first_after: float = 0,
    retry_seconds: float = RETRY_SECONDS,
    serves_requests: bool = False,
    sleep: Sleep = sleep_or_wake,
    clock: Clock = time.time,
) -> Loop:
    """Make a loop that does `work` each `seconds`, or when `wake` is set; None: only then.

    A round that returns True is followed by the next at once. A failed round is logged with the
    item that failed, and repeated after a pause that starts at `retry_seconds` and doubles.
    The first round begins `first_after` seconds after the start. A loop that `serves_requests`
    runs until the last request of a leaving process has ended.
    """
    return Loop(
        name,
        work,
        seconds=seconds,
        wake=wake or asyncio.Event(),
        first_after=first_after,
        retry_seconds=retry_seconds,
        serves_requests=serves_requests,
        sleep=sleep,
        clock=clock,
    )


def retry_pause(failures: int, first: float, seconds: float | None) -> float:
    """Return the pause after the nth failure in a row of a loop that works each `seconds`."""
    longest = min(max(seconds or 0, LONGEST_RETRY_SECONDS), LONGEST_CHORE_RETRY_SECONDS)
    return min(first * 2 ** min(failures - 1, 10), longest)


class Background:
    """The loops of one app."""

    def __init__(self) -> None:
        self.loops: list[Loop] = []
        self._tasks: dict[Loop, asyncio.Task[None]] = {}

    @asynccontextmanager
    async def running(self, *loops: Loop) -> AsyncIterator[None]:
        """Run loops during the block, then cancel them and wait for their end.

        Raises: `ValueError` for a second loop of one name, which metrics could not tell apart.
        """
        names = [loop.name for loop in (*self.loops, *loops)]
        if len(set(names)) < len(names):
            raise ValueError(f"two background loops have the same name: {', '.join(sorted(names))}")
        self.loops += loops
        for loop in loops:
            self._tasks[loop] = asyncio.create_task(_log_death(loop), name=loop.name)
        try:
            yield
        finally:
            await _cancel(self._tasks.pop(loop) for loop in loops)
            self.loops = [loop for loop in self.loops if loop not in loops]

    async def leave(self) -> None:
        """End the loops that no request waits for, before the end of their block."""
        # They would take leases that the process cannot keep:
        # docs/adr/0093-drain-before-leaving.md.
        await _cancel(task for loop, task in self._tasks.items() if not loop.serves_requests)

    def troubled(self) -> dict[str, State]:
        """Return the loops that fail or have stopped, by name."""
        return {loop.name: loop.state for loop in self.loops if loop.state != "ok"}

    def sentences(self) -> list[str]:
        """Say which loops have stopped, or fail again and again."""
        stopped = [
            f"the background loop {loop.name} has stopped; restart the service"
            for loop in self.loops
            if loop.state == "stopped"
        ]
        failing = [
            f"the background loop {loop.name} has failed {loop.failures} times in a row"
            f" ({loop.last_error}); the log says why"
            for loop in self.loops
            if loop.state == "failing" and loop.failures >= SHOWN_FAILURES
        ]
        return stopped + failing


@asynccontextmanager
async def running(*loops: Loop) -> AsyncIterator[None]:
    """Run loops that belong to no app during the block."""
    async with Background().running(*loops):
        yield


async def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    pending = set(tasks)
    while pending:
        # Repeated, because a cancellation can get lost; see `is_cancelled`.
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=RECANCEL_SECONDS)


async def _log_death(loop: Loop) -> None:
    try:
        await loop.run()
    except Exception as error:
        logger.error("background.died", loop=loop.name, exc_info=error)


def _named(error: BaseException) -> Iterator[tuple[str | None, BaseException]]:
    if isinstance(error, ItemsFailed):
        yield from error.failures
    else:
        yield None, error
