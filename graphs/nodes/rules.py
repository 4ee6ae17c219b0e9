"""Takes the rule-based decision: always there, whatever the evidence."""

from typing import Any

from langgraph.runtime import Runtime

from graphs.deps import Deps
from graphs.nodes.timing import timed
from graphs.rules.base import Ruling
from graphs.rules.catalogue import decide
from graphs.state import Snapshot, State, dump, load


@timed
async def rules(state: State, runtime: Runtime[Deps]) -> dict[str, Any]:
    """Apply the catalogue to the facts."""
    facts = load(Snapshot, state["snapshot"]).facts
    return {"rulings": dump(tuple[Ruling, ...], decide(facts))}
