"""Makes the planned calls, in order, each under its own key."""

from typing import Any

from langgraph.runtime import Runtime

from domain_services.kernel.client.http_client import PeerRefused
from graphs.deps import Deps
from graphs.nodes.timing import timed
from graphs.state import Decision, State, dump, load
from tools.guard import Guard, MadeCall, PlannedCall


@timed
async def act(state: State, runtime: Runtime[Deps]) -> dict[str, Any]:
    """Act on the decision. A refusal ends the plan and is reported; an outage is retried later.

    Raises: `Unavailable`; the run stays decided and is resumed, its keys keep effects single.
    """
    guard = Guard(runtime.context.tools, state["run_id"])
    made: list[MadeCall] = []
    refused: list[str] = []
    for step, planned in enumerate(load(Decision, state["decision"]).plan):
        try:
            made.append(await guard.call(step, _completed(planned, made)))
        except PeerRefused as refusal:
            refused.append(f"{planned.description}: refused, {refusal.detail}")
            break
    return {"made": dump(tuple[MadeCall, ...], tuple(made)), "refused": refused}


def _completed(planned: PlannedCall, made: list[MadeCall]) -> PlannedCall:
    """A schedule of a sprint that this run created learns its id and last day here."""
    sprint = next((call.result for call in made if call.name == "create_sprint"), None)
    if planned.name != "create_cronjob" or "sprint_id" in planned.arguments or sprint is None:
        return planned
    learnt = {"sprint_id": sprint["sprint_id"], "ends_on": sprint["end_date"]}
    return planned.model_copy(update={"arguments": planned.arguments | learnt})
