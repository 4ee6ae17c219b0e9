"""Finish the run: its answer, its episode and its audit, in one transaction."""

from langgraph.runtime import Runtime

from graphs.deps import Deps
from graphs.nodes.timing import timed
from graphs.report import build_audit, build_episode, build_response, closed_sprint
from graphs.state import State


@timed
async def record(state: State, runtime: Runtime[Deps]) -> State:
    """Store answer, episode and audit, and finish the run."""
    deps = runtime.context
    response = build_response(state)
    episode = build_episode(state, deps.run, deps.agent_version)
    audit = build_audit(state, deps.run, deps.agent_version)
    await deps.runs.finish(
        deps.run.run_id,
        deps.run.token,
        response,
        episode,
        audit,
        closed_sprint=closed_sprint(state),
        steps=deps.steps.new,
    )
    return State(response=response)
