"""Finish the run: its answer, its episode and its audit, in one transaction."""

import time

from langgraph.runtime import Runtime

from graphs.deps import Deps
from graphs.nodes.timing import timed
from graphs.report import (
    build_audit,
    build_episode,
    build_response,
    closed_sprint,
    unscheduled_sprint,
)
from graphs.state import State
from graphs.steps import make_step


@timed
async def record(state: State, runtime: Runtime[Deps]) -> State:
    """Store answer, episode and audit, and finish the run."""
    deps, started = runtime.context, time.perf_counter()
    response = build_response(state)
    episode = build_episode(state, deps.run, deps.agent_version)
    audit = build_audit(state, deps.run, deps.agent_version)
    # Its own step is part of what it stores, so that the time of storing is in the stream alone.
    milliseconds = round((time.perf_counter() - started) * 1000, 2)
    own = make_step("record", State(response=response, timings={"record": milliseconds}))
    await deps.runs.finish(
        deps.run.run_id,
        deps.run.token,
        response,
        episode,
        audit,
        closed_sprint=closed_sprint(state),
        unscheduled_sprint=unscheduled_sprint(state, deps.run),
        steps=[*deps.steps.new, own],
    )
    return State(response=response)
