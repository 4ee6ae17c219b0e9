"""Limits on the work for one message, kept by a middleware of the agent."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from langchain.agents.middleware import AgentMiddleware, AgentState, hook_config
from langchain.agents.middleware.types import ModelRequest, ModelResponse, ToolCallRequest
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.runtime import Runtime
from langgraph.types import Command

from agent.chat.model import ChatNotSet, describe, trouble_in_words
from agent.chat.settings import ChatSettings
from agent.chat.thoughts import without_thoughts
from agent.chat.window import ANSWER_PART, estimate_tokens, fit, message_tokens, question_place
from domain_services.kernel.tracing import inside
from tools.answers import Answer, render
from tools.refusals import of_unknown_tool, refusal

logger = structlog.get_logger()

# Of the words that a model's template puts around the tools.
_TEMPLATE_TOKENS = 200


class Caps(AgentMiddleware[Any, Any]):
    """Counts of one message's work; the model is stopped in words when one is used up."""

    def __init__(self, settings: ChatSettings, model: str, tools: tuple[str, ...]) -> None:
        super().__init__()
        self._settings = settings
        self._model = model
        self._names = tools
        self.model_calls = 0
        self.tool_calls = 0
        self.tokens = 0
        self.limit: str | None = None
        """Limit that ended the work, in words; None when none did."""
        self.has_read_all = True
        """False when the model got less than the conversation has."""
        self._tools_tokens: int | None = None

    @property
    def left_out(self) -> str | None:
        """Sentence about what the model did not read; None when it read all."""
        if self.has_read_all:
            return None
        return (
            "Earlier messages or parts of long results were left out, because the model holds"
            f" {self._settings.context_tokens} tokens at once."
        )

    @hook_config(can_jump_to=["end"])
    async def abefore_model(
        self, state: AgentState[Any], runtime: Runtime[Any]
    ) -> dict[str, Any] | None:
        """End the work when a limit is reached."""
        settings = self._settings
        if self.model_calls >= settings.max_model_calls:
            self.limit = f"the model was called {self.model_calls} times for this message"
        elif self.tokens >= settings.max_tokens:
            self.limit = f"{self.tokens} tokens were used for this message"
        else:
            return None
        words = f"I stopped: {self.limit}, which is the limit. Ask for less at once."
        return {"jump_to": "end", "messages": [AIMessage(words)]}

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        """Call the model with what fits its context. Raises: `ChatNotSet`, `ChatUnavailable`."""
        window = fit(request.messages, self._room(request))
        self.has_read_all = self.has_read_all and window.is_whole
        self.model_calls += 1
        with inside(f"model {self._model}", {"dsm.chat.call": self.model_calls}):
            try:
                response = await handler(request.override(messages=window.messages))
            except Exception as error:
                logger.warning("chat.model_failed", model=self._model, error=describe(error))
                raise trouble_in_words(error, self._model) from error
        for message in response.result:
            if isinstance(message, AIMessage):
                self._take(message)
        return response

    def _room(self, request: ModelRequest[Any]) -> int:
        """Return the tokens for messages. Raises: `ChatNotSet` if they are too few for the last."""
        if self._tools_tokens is None:
            tools = json.dumps([convert_to_openai_tool(tool) for tool in request.tools])
            self._tools_tokens = _TEMPLATE_TOKENS + estimate_tokens(tools)
        system = request.system_message
        needed = self._tools_tokens + (message_tokens(system) if system else 0)
        context = self._settings.context_tokens
        room = context - context // ANSWER_PART - needed
        question = message_tokens(request.messages[question_place(request.messages)])
        if question > room:
            enough = (needed + question) * ANSWER_PART // (ANSWER_PART - 1) + 1
            raise ChatNotSet(
                f"the tools and this message need a context of about {enough} tokens, and"
                f" {context} are set; set DSM_CHAT__CONTEXT_TOKENS to more, or ask in fewer words"
            )
        return room

    def _take(self, message: AIMessage) -> None:
        """Count a message of the model, and take its thoughts out: nobody reads them again."""
        if message.usage_metadata is not None:
            self.tokens += message.usage_metadata["total_tokens"]
        message.content = without_thoughts(message.text)
        if message.response_metadata.get("done_reason") == "length":
            window = self._settings.context_tokens
            self.limit = f"the {window} tokens that the model can hold at once were full"

    async def awrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]],
    ) -> ToolMessage | Command[Any]:
        """Call a tool; beyond the limit, or without such a tool, the model gets words."""
        self.tool_calls += 1
        name = str(request.tool_call["name"])
        if self.tool_calls > self._settings.max_tool_calls:
            self.limit = f"{self._settings.max_tool_calls} calls of tools were made"
            answer = refusal(
                "too_many_calls",
                f"{self.limit}, which is the limit for one message; it was not called",
                "answer the person with what you have",
            )
            return _message(request, answer)
        if request.tool is None:
            return _message(request, of_unknown_tool(name, self._names))
        with inside(f"tool {name}", {"dsm.chat.call": self.tool_calls}):
            return await handler(request)


def _message(request: ToolCallRequest, answer: Answer) -> ToolMessage:
    call = request.tool_call
    return ToolMessage(
        render(answer), tool_call_id=call["id"], name=str(call["name"]), status="error"
    )
