"""Work that everybody who asks for it at the same time shares.

Readiness and metrics need no key and no place among the requests: a peer that asks for them a
thousand times at once must not take the connections of the stores a thousand times.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVar

from starlette.datastructures import State

Result = TypeVar("Result")


async def shared(
    state: State, name: str, work: Callable[[], Coroutine[Any, Any, Result]]
) -> Result:
    """Return the result of `work`, done once for all who wait for `name` of an app's state."""
    tasks: dict[str, asyncio.Task[Any]] | None = getattr(state, "shared_work", None)
    if tasks is None:
        tasks = state.shared_work = {}
    task = tasks.get(name)
    if task is None or task.done():
        # Nobody's context: the deadline of the first who asks is not that of the others.
        task = tasks[name] = asyncio.create_task(work(), name=name, context=Context())
    return await asyncio.shield(task)
