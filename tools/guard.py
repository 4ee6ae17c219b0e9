"""The only way a run acts: planned calls, one key each, nothing at all in a dry run."""

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.tools import BaseTool
from pydantic import BaseModel, ConfigDict


class PlannedCall(BaseModel):
    """One call that a run will make: what a person sees, approves or refuses."""

    model_config = ConfigDict(frozen=True)

    name: str
    arguments: dict[str, Any]
    description: str


class MadeCall(BaseModel):
    """A planned call with its result."""

    model_config = ConfigDict(frozen=True)

    name: str
    arguments: dict[str, Any]
    result: dict[str, Any]


class Guard:
    """Makes the calls of one run; step n of run r always carries the key `r:n`."""

    def __init__(self, tools: Sequence[BaseTool], run_id: str) -> None:
        self._tools: Mapping[str, BaseTool] = {tool.name: tool for tool in tools}
        self._run_id = run_id

    async def call(self, step: int, planned: PlannedCall) -> MadeCall:
        """Make one call. Raises: `LookupError` for an unknown tool, and what the tool raises."""
        if planned.name not in self._tools:
            raise LookupError(f"no tool is named {planned.name}")
        arguments = planned.arguments | {"idempotency_key": f"{self._run_id}:{step}"}
        result: Any = await self._tools[planned.name].ainvoke(arguments)
        return MadeCall(name=planned.name, arguments=planned.arguments, result=result)
