"""Remembers similar episodes of every project, within the time that a decision has for it."""

from typing import Any

from langgraph.errors import NodeError, NodeTimeoutError
from langgraph.runtime import Runtime

from domain_services.kernel.errors import Unavailable
from graphs.deps import Deps
from graphs.nodes.timing import timed
from graphs.state import Snapshot, State, load
from graphs.thresholds import RECALL_EPISODES, RECALL_SECONDS
from memory.recall import Recall


@timed
async def recall(state: State, runtime: Runtime[Deps]) -> dict[str, Any]:
    """The nearest episodes with a known outcome; `degraded` says what the search lacked."""
    perception = load(Snapshot, state["snapshot"]).perception
    deps = runtime.context
    try:
        found = await deps.recaller.recall(
            perception, limit=RECALL_EPISODES, deadline_seconds=RECALL_SECONDS * deps.patience
        )
    except Unavailable as unavailable:
        found = Recall.nothing(unavailable.detail)
    return _update(found)


async def recall_failed(state: State, error: NodeError) -> dict[str, Any]:
    """The answer when the step's time is up, or it fails: nothing recalled, and that is said."""
    failure = error.error
    update = _update(Recall.nothing(f"{type(failure).__name__}: {failure}"))
    if isinstance(failure, NodeTimeoutError):
        return update | {"timings": {"recall": round(failure.elapsed * 1000, 2)}}
    return update


def _update(found: Recall) -> dict[str, Any]:
    missing = [f"recall: {found.degraded}"] if found.degraded else []
    return {"recall": found.model_dump(mode="json"), "degraded": missing}
