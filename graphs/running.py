"""Run the decision graph, and collect the steps that its own stream tells of."""

from collections.abc import Mapping
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.types import Durability
from pydantic import JsonValue

from domain_services.kernel.tracing import inside
from graphs.decision import NAME, Graph
from graphs.deps import Deps
from graphs.state import State
from memory.run import Run


async def run_graph(
    graph: Graph,
    state: State | None,
    deps: Deps,
    config: RunnableConfig | None = None,
    *,
    durability: Durability | None = None,
) -> State:
    """Run a graph to its end and return its state; `deps.steps` gets each step as it is made.

    `state` None goes on from the stored one.
    """
    final: Any = state
    with inside(f"graph {NAME}", {"dsm.run.id": str(deps.run.run_id)}):
        async for kind, part in graph.astream(
            state,
            named(deps.run, config or {}),
            context=deps,
            stream_mode=["updates", "values", "custom"],
            durability=durability,
        ):
            if kind == "values":
                final = part
            elif kind == "custom":
                deps.steps.observe(cast(Mapping[str, JsonValue], part))
            else:
                for node, update in cast(Mapping[str, State | None], part).items():
                    # An interrupt is no node, and its update is no state.
                    if isinstance(update, dict):
                        deps.steps.add(node, update)
    return cast(State, final)


def named(run: Run, config: RunnableConfig) -> RunnableConfig:
    """Return `config` with the names by which tracing tools show and find a run."""
    return {
        **config,
        "run_name": NAME,
        "tags": [NAME, run.kind],
        "metadata": {"project_id": run.project_id, "run_id": str(run.run_id)},
    }
