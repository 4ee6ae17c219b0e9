"""Measure how long each node takes."""

import functools
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from langgraph.runtime import Runtime

from domain_services.kernel.tracing import inside
from graphs.deps import Deps
from graphs.state import State


class Node(Protocol):
    """A node as LangGraph calls it: by the names of its parameters."""

    __name__: str

    async def __call__(self, state: State, runtime: Runtime[Deps]) -> State: ...


def timed(node: Callable[[State, Runtime[Deps]], Awaitable[State]]) -> Node:
    """Wrap `node` so that it adds its duration in milliseconds to the timings."""

    @functools.wraps(node)
    async def measured(state: State, runtime: Runtime[Deps]) -> State:
        started = time.perf_counter()
        with inside(f"node {node.__name__}", {"dsm.run.id": str(state["run_id"])}):
            update = await node(state, runtime)
        milliseconds = round((time.perf_counter() - started) * 1000, 2)
        # Its own channel reducer merges the timings of nodes that run side by side.
        update["timings"] = {node.__name__: milliseconds}
        return update

    return measured
