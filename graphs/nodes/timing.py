"""Measures what each node takes."""

import functools
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from langgraph.runtime import Runtime

from graphs.deps import Deps
from graphs.state import State


class Node(Protocol):
    """A node as LangGraph calls it: by the names of its parameters."""

    async def __call__(self, state: State, runtime: Runtime[Deps]) -> dict[str, Any]: ...


def timed(node: Callable[[State, Runtime[Deps]], Awaitable[dict[str, Any]]]) -> Node:
    """`node`, with its duration in milliseconds added to the state's timings under its name."""

    @functools.wraps(node)
    async def measured(state: State, runtime: Runtime[Deps]) -> dict[str, Any]:
        started = time.perf_counter()
        update = await node(state, runtime)
        took = round((time.perf_counter() - started) * 1000, 2)
        return update | {"timings": {node.__name__: took}}

    return measured
