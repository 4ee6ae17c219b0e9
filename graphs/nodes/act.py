"""Make the planned calls, in order, each under its own key."""

from langgraph.runtime import Runtime

from domain_services.kernel.client.http_client import PeerRefused
from graphs.deps import Deps
from graphs.nodes.timing import timed
from graphs.state import Actions, State
from memory.decision import PlannedCall
from tools.guard import Guard, MadeCall


@timed
async def act(state: State, runtime: Runtime[Deps]) -> State:
    """Act on the decision. A refusal ends the plan and is reported; an outage is retried later.

    Raises: `Unavailable`; the run stays decided and is resumed, its keys keep effects single.
    """
    guard = Guard(runtime.context.tools, state["run_id"])
    made: list[MadeCall] = []
    refused: tuple[str, ...] = ()
    for step, planned in enumerate(state["decision"].plan):
        try:
            made.append(await guard.call(step, _with_new_sprint(planned, made)))
        except PeerRefused as refusal:
            refused = (f"{planned.description}: refused, {refusal.detail}",)
            break
    return State(actions=Actions(tuple(made), refused))


def _with_new_sprint(planned: PlannedCall, made: list[MadeCall]) -> PlannedCall:
    """Add the id and the last day of the sprint that this run created to its CronJob."""
    sprint = next((call.result for call in made if call.name == "create_sprint"), None)
    if planned.name != "create_cronjob" or "sprint_id" in planned.arguments or sprint is None:
        return planned
    of_the_sprint = {"sprint_id": sprint["sprint_id"], "ends_on": sprint["end_date"]}
    return planned.model_copy(update={"arguments": planned.arguments | of_the_sprint})
