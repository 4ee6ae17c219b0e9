"""Recall similar episodes of every project, within a part of the decision's time."""

from langgraph.errors import NodeError, NodeTimeoutError
from langgraph.runtime import Runtime

from domain_services.kernel.errors import Unavailable
from graphs.deps import Deps
from graphs.nodes.timing import timed
from graphs.state import State
from graphs.thresholds import RECALL_EPISODES, RECALL_SECONDS
from memory.recall import Recall


@timed
async def recall(state: State, runtime: Runtime[Deps]) -> State:
    """Find the nearest episodes with a known outcome; `degraded` names what the search lacked."""
    deps = runtime.context
    try:
        recalled = await deps.recaller.recall(
            state["snapshot"].perception,
            limit=RECALL_EPISODES,
            deadline_seconds=RECALL_SECONDS * deps.patience,
            simulated=state["snapshot"].simulated,
        )
    except Unavailable as unavailable:
        recalled = Recall.nothing(unavailable.detail)
    return _update(recalled)


async def recall_failed(state: State, error: NodeError) -> State:
    """Return an empty recall that names the failure of the node."""
    # A decision can do without episodes, so that a failure of this node must not end the run.
    failure = error.error
    update = _update(Recall.nothing(f"{type(failure).__name__}: {failure}"))
    if isinstance(failure, NodeTimeoutError):
        update["timings"] = {"recall": round(failure.elapsed * 1000, 2)}
    return update


def _update(recalled: Recall) -> State:
    missing = [f"recall: {recalled.degraded}"] if recalled.degraded else []
    return State(recall=recalled, degraded=missing)
