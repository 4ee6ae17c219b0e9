"""Remembers similar episodes of every project, within the time that a decision has for it."""

from typing import Any

from langgraph.errors import NodeError
from langgraph.runtime import Runtime

from graphs.deps import Deps
from graphs.nodes.timing import timed
from graphs.state import Snapshot, State, load
from graphs.thresholds import RECALL_EPISODES, RECALL_SECONDS
from memory.recall import Recall


@timed
async def recall(state: State, runtime: Runtime[Deps]) -> dict[str, Any]:
    """The nearest episodes with a known outcome; `degraded` says what the search lacked."""
    perception = load(Snapshot, state["snapshot"]).perception
    found = await runtime.context.recaller.recall(
        perception, limit=RECALL_EPISODES, deadline_seconds=RECALL_SECONDS
    )
    missing = [f"recall: {found.degraded}"] if found.degraded else []
    return {"recall": found.model_dump(mode="json"), "degraded": missing}


async def recall_failed(state: State, error: NodeError) -> dict[str, Any]:
    """The answer when time is up or memory is down: nothing recalled, and that is said."""
    nothing = Recall.nothing(f"{type(error.error).__name__}: {error.error}")
    return {
        "recall": nothing.model_dump(mode="json"),
        "degraded": [f"recall: {nothing.degraded}"],
        "timings": {"recall": round(RECALL_SECONDS * 1000, 2)},
    }
