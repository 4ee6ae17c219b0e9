"""Make the rule-based decision: always there, whatever the evidence."""

from langgraph.runtime import Runtime

from graphs.deps import Deps
from graphs.nodes.timing import timed
from graphs.rules.catalogue import decide
from graphs.state import State


@timed
async def rules(state: State, runtime: Runtime[Deps]) -> State:
    """Apply every rule to the facts."""
    return State(rulings=decide(state["snapshot"].facts))
