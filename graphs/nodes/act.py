"""Make the planned calls, in order, each under its own key."""

from collections.abc import Sequence

from langgraph.runtime import Runtime

from domain_services.kernel.errors import Problem, Unavailable
from graphs.deps import Deps
from graphs.nodes.timing import timed
from graphs.state import Actions, State
from memory.decision import PlannedCall
from tools.guard import Guard, MadeCall


class CallFailed(Exception):
    """Unexpected failure of a planned call; the error itself is the cause."""

    def __init__(self, planned: PlannedCall, calls: Sequence[MadeCall], cause: Exception) -> None:
        super().__init__(f"{planned.description}: failed, {type(cause).__name__}: {cause}")
        self.made = tuple(calls)
        """Calls that were made before it."""


@timed
async def act(state: State, runtime: Runtime[Deps]) -> State:
    """Make the planned calls; a refusal ends the plan and is reported.

    Raises: `Unavailable`, also while the project is paused, and when a peer asks to try later; the
    run stays decided and is resumed.
    `CallFailed` for anything unexpected.
    """
    # An earlier release stored dry runs too: one whose process died is resumed, and must not act.
    if state["order"].dry_run:
        return State(actions=Actions())
    guard = Guard(
        runtime.context.tools,
        state["run_id"],
        runtime.context.may_call,
        note=runtime.stream_writer,
    )
    return State(actions=await make_calls(guard, state["decision"].plan))


async def make_calls(guard: Guard, plan: Sequence[PlannedCall]) -> Actions:
    """Make the calls of a plan, in order; the first refusal ends it. Raises: as `act`."""
    calls: list[MadeCall] = []
    refused: tuple[str, ...] = ()
    # A resumed run makes all calls again. Their keys are the same, so each takes effect once.
    for step, planned in enumerate(plan):
        try:
            calls.append(await guard.call(step, _with_new_sprint(planned, calls)))
        except Unavailable:
            raise
        except Problem as refusal:
            refused = (f"{planned.description}: refused, {refusal.detail}",)
            break
        except Exception as error:
            raise CallFailed(planned, calls, error) from error
    return Actions(tuple(calls), refused)


def _with_new_sprint(planned: PlannedCall, calls: list[MadeCall]) -> PlannedCall:
    """Add the id and the days of the sprint that this run created to its CronJob."""
    sprint = next((call.result for call in calls if call.name == "create_sprint"), None)
    if planned.name != "create_cronjob" or "sprint_id" in planned.arguments or sprint is None:
        return planned
    of_the_sprint = {
        "sprint_id": sprint["sprint_id"],
        "starts_on": sprint["start_date"],
        "ends_on": sprint["end_date"],
    }
    return planned.model_copy(update={"arguments": planned.arguments | of_the_sprint})
