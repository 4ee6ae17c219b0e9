"""Tools: one async function each, seen by the graph's guard as it is, and by a model in words."""

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal, cast, get_type_hints
from uuid import uuid4

import structlog
from langchain_core.messages import ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, StructuredTool, ToolException
from langgraph.errors import GraphBubbleUp
from pydantic import ConfigDict, Field, ValidationError

from domain_services.kernel.errors import Problem
from tools.answers import Answer, escape, render
from tools.arguments import arguments_of
from tools.documents import bounded
from tools.loop_guard import LoopGuard
from tools.refusals import is_refusal, of_arguments, of_failure, of_problem, refusal

logger = structlog.get_logger()

# Of the header that carries a key to a service.
_HEADER = re.compile(r"[\x21-\x7e]{1,200}")

Kind = Literal["read", "write"]
Function = Callable[..., Awaitable[Any]]


@dataclass(frozen=True)
class Call:
    """Place of a model's call."""

    thread: str
    """Conversation; empty when it has no id."""
    call_id: str | None
    """Id of the call in it; None for a call by a program."""

    @property
    def key(self) -> str:
        """Idempotency key: the same for the same call of a conversation, else a new one."""
        if self.call_id is None or not self.thread:
            # Runtimes number the calls of each conversation anew: an id alone is no identity.
            return uuid4().hex
        key = f"{self.thread}:{self.call_id}"
        if _HEADER.fullmatch(key):
            return key
        return hashlib.sha256(key.encode(errors="backslashreplace")).hexdigest()


_BY_PROGRAM = Call("", None)
_present: ContextVar[Call] = ContextVar("present_call", default=_BY_PROGRAM)


class Refused(ToolException):
    """Refusal on its way to the model."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer["error"])
        self.answer = answer


def acting_tool(function: Function) -> BaseTool:
    """Make the tool that the graph's guard calls: errors come out as they are."""
    return StructuredTool.from_function(
        coroutine=function,
        name=function.__name__,
        description=_docstring(function),
        args_schema=arguments_of(function, with_injected=True),
    )


class ModelTool(BaseTool):
    """Tool for a model: refusals are answers, and answers are bounded."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    function: Function = Field(exclude=True)
    kind: Kind
    """`read` changes nothing, `write` does, or asks a person to let it."""
    loops: LoopGuard = Field(exclude=True)
    takes_key: bool = False
    """True when the function takes the idempotency key."""

    async def arun(self, tool_input: Any, *args: Any, **options: Any) -> Any:
        """Run the tool; a model's call is answered with a `ToolMessage`, others with a dict."""
        config: RunnableConfig = options.get("config") or {}
        call_id: str | None = options.get("tool_call_id")
        call = Call(str(config.get("configurable", {}).get("thread_id") or ""), call_id)
        if not isinstance(tool_input, Mapping):
            return self._message(self._no_mapping(), call_id)
        arguments = dict(cast(Mapping[str, Any], tool_input))
        # A program that calls again and again, such as a test, is no model in a loop.
        looping = self.loops.check(call.thread, self.name, arguments) if call_id else None
        if looping is not None:
            return self._message(looping, call_id)
        token = _present.set(call)
        try:
            output = await super().arun(arguments, *args, **options)
        finally:
            _present.reset(token)
        return _framed(output)

    async def _arun(self, **arguments: Any) -> Answer:
        """Call the function. Raises: `Refused`."""
        call = _present.get()
        if self.takes_key:
            arguments["idempotency_key"] = call.key
        try:
            answer = bounded(await self.function(**arguments))
        except Problem as problem:
            raise Refused(of_problem(problem, arguments)) from problem
        except (GraphBubbleUp, ToolException):
            raise
        except Exception as error:
            reference = uuid4().hex[:12]
            logger.error("tool.failed", tool=self.name, reference=reference, exc_info=error)
            raise Refused(of_failure(self.name, error, reference)) from error
        # A function may have asked somebody else, who refused.
        if is_refusal(answer):
            raise Refused(answer)
        return answer

    def _run(self, **_: Any) -> Answer:
        """Refuse a call without a loop. Raises: `Refused`."""
        raise Refused(
            refusal(
                "async_only",
                f"{self.name} was not called: its clients belong to a running event loop",
                "call it by ainvoke, and the agent by ainvoke or astream",
            )
        )

    def run(self, tool_input: Any, *args: Any, **options: Any) -> Any:
        """Answer a call without `await` in words; nothing is called."""
        return _framed(super().run(tool_input, *args, **options))

    def _no_mapping(self) -> Answer:
        known = ", ".join(self.args) or "none"
        return refusal(
            "invalid_arguments",
            f"{self.name} was not called: its arguments are no object",
            f"call it again with named arguments; it takes {known}",
        )

    def _message(self, answer: Answer, call_id: str | None) -> Any:
        if call_id is None:
            return answer
        return ToolMessage(render(answer), tool_call_id=call_id, name=self.name, status="error")


def model_tool(
    function: Function, kind: Kind, loops: LoopGuard, description: str = ""
) -> ModelTool:
    """Make the tool that a model is given; `description` replaces the function's docstring."""
    schema = arguments_of(function, with_injected=False)
    name = function.__name__

    def explain(error: ValidationError) -> Any:
        return of_arguments(name, error, schema.model_fields)

    def answer(error: ToolException) -> Any:
        return (
            error.answer
            if isinstance(error, Refused)
            else refusal("tool_error", str(error), "tell the person; do not repeat the call")
        )

    return ModelTool(
        name=name,
        description=description or _docstring(function),
        args_schema=schema,
        function=function,
        kind=kind,
        loops=loops,
        takes_key="idempotency_key" in get_type_hints(function),
        handle_validation_error=cast(Any, explain),
        handle_tool_error=cast(Any, answer),
        tags=[kind],
    )


def model_tool_of(tool: ModelTool, function: Function, description: str) -> ModelTool:
    """Make a tool of the same name and arguments that calls another function."""
    return tool.model_copy(update={"function": function, "description": description})


def _framed(output: Any) -> Any:
    """Escape markup in the content of a message, which is JSON, as `render` does."""
    if not isinstance(output, ToolMessage) or not isinstance(output.content, str):
        return output
    return output.model_copy(update={"content": escape(output.content)})


def _docstring(function: Function) -> str:
    text = function.__doc__ or ""
    return " ".join(text.split())
