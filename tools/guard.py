"""Guard of a run's actions: planned calls only, each with its own idempotency key."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

from langchain_core.tools import BaseTool
from pydantic import BaseModel, ConfigDict, JsonValue

from domain_services.kernel.errors import Problem
from domain_services.kernel.tracing import inside
from memory.decision import PlannedCall
from tools.refusals import checking_arguments

CallNote = Callable[[Mapping[str, JsonValue]], None]


class MadeCall(BaseModel):
    """A planned call with its result."""

    model_config = ConfigDict(frozen=True)

    name: str
    """Tool that was called."""
    arguments: dict[str, JsonValue]
    """Arguments by name, without the idempotency key."""
    result: dict[str, JsonValue]
    """Answer of the tool."""


class Guard:
    """Makes the calls of one run; `may_call` refuses them while the project is paused."""

    def __init__(
        self,
        tools: Sequence[BaseTool],
        run_id: str,
        may_call: Callable[[], Awaitable[None]],
        *,
        note: CallNote = lambda _: None,
    ) -> None:
        """`note` gets an event before and after each call, for whoever watches the run."""
        self._tools: Mapping[str, BaseTool] = {tool.name: tool for tool in tools}
        self._run_id = run_id
        self._may_call = may_call
        self._note = note

    async def call(self, step: int, planned: PlannedCall) -> MadeCall:
        """Make the call of `step`.

        Raises: `LookupError` for an unknown tool; `Invalid` for arguments that it does not take;
        the errors of `may_call` and of the tool.
        """
        tool = self._tools.get(planned.name)
        if tool is None:
            raise LookupError(f"no tool is named {planned.name}")
        # Before each call, and not once for the plan: a pause takes hold between two of them
        # (docs/adr/0142-autonomy-and-pause.md).
        await self._may_call()
        # A step has the same key whenever it is tried: a resumed run repeats its calls, and the
        # services recognise them (docs/adr/0052-idempotency-keys.md).
        arguments = planned.arguments | {"idempotency_key": f"{self._run_id}:{step}"}
        event: dict[str, JsonValue] = {
            "event": "call",
            "step": step,
            "name": planned.name,
            "description": planned.description,
        }
        self._note({**event, "state": "begun"})
        try:
            with inside(f"tool {planned.name}", {"dsm.run.id": self._run_id, "dsm.step": step}):
                # Checked here, where nothing is called yet: such an error from within the tool may
                # be about an answer, and is none of the plan's.
                with checking_arguments(planned.name):
                    cast(type[BaseModel], tool.args_schema).model_validate(arguments)
                # LangChain declares the result of every tool as Any; MadeCall checks it.
                result: Any = await tool.ainvoke(arguments)
        except Exception as error:
            detail = error.detail if isinstance(error, Problem) else type(error).__name__
            self._note({**event, "state": "not made", "detail": detail})
            raise
        self._note({**event, "state": "made"})
        return MadeCall(name=planned.name, arguments=planned.arguments, result=result)
