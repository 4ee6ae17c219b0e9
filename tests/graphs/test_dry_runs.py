"""A dry run makes no call, also when an earlier release has stored it in front of its calls."""

from dataclasses import replace
from typing import cast

from langgraph.runtime import Runtime

from graphs.deps import Deps
from graphs.nodes.act import act
from graphs.state import Actions, State
from tests.graphs.decided_run import decided_state


async def test_a_resumed_dry_run_acts_on_nothing() -> None:
    state = decided_state()
    dry = State(**state | {"order": replace(state["order"], dry_run=True)})
    without_tools = Runtime(context=cast(Deps, object()))
    assert (await act(dry, without_tools))["actions"] == Actions()
