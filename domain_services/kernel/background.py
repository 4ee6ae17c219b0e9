"""Tasks that live as long as their app.

A cancellation can get lost: `asyncio.wait_for` of Python 3.11, which redis-py uses too, returns a
result that came at the same moment instead. So it is repeated until a task has ended, and loops
ask `wanted()`, because a task group cancels its own tasks only once.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any

import structlog

logger = structlog.get_logger()

REPEAT_SECONDS = 0.5


@asynccontextmanager
async def running(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run `work` while the block lasts, then cancel it and wait; a task that dies is logged."""
    tasks = [asyncio.create_task(_logged(each)) for each in work]
    try:
        yield
    finally:
        await _end(tasks)


def wanted() -> bool:
    """Whether the present task should go on: False once it has been cancelled."""
    task = asyncio.current_task()
    return task is None or not task.cancelling()


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=REPEAT_SECONDS)


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as error:
        logger.error("background.died", work=work.__qualname__, exc_info=error)
        raise
