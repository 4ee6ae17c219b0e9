"""Measure how long each node takes."""

import functools
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from langgraph.runtime import Runtime

from graphs.deps import Deps
from graphs.state import State


class Node(Protocol):
    """A node as LangGraph calls it: by the names of its parameters."""

    async def __call__(self, state: State, runtime: Runtime[Deps]) -> State: ...


def timed(node: Callable[[State, Runtime[Deps]], Awaitable[State]]) -> Node:
    """Return `node` with its duration in milliseconds added to the timings under its name."""

    @functools.wraps(node)
    async def measured(state: State, runtime: Runtime[Deps]) -> State:
        started = time.perf_counter()
        update = await node(state, runtime)
        milliseconds = round((time.perf_counter() - started) * 1000, 2)
        update["timings"] = {node.__name__: milliseconds}
        return update

    return measured
