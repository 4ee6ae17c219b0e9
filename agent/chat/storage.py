"""Storage of conversations: LangGraph's tables in the schema `chat`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg.rows import dict_row

from agent.chat.schema import ChatMessage
from memory.pool import Pool

_SHOWN = 500  # characters of a tool's result in a history
_INTERRUPTED = (
    "the work was interrupted before this call had an answer; a change that it asks for may wait"
    " for a person already: list_runs with the status waiting names it"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """Conversation as it is stored."""

    messages: list[BaseMessage]
    """Messages of the steps that ended."""
    results: list[ToolMessage]
    """Results of the step that was interrupted; other calls of it have none."""


class ChatSaver(AsyncPostgresSaver):
    """Saver of conversations, beside that of runs and apart from it."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)  # pyright: ignore[reportArgumentType] - it sets its own row factory
        self._pool = pool

    @asynccontextmanager
    async def _cursor(self, *, pipeline: bool = False) -> AsyncIterator[Any]:
        # For the transaction alone: a pooler may give the connection to somebody else after it.
        async with (
            self._pool.connection() as connection,
            connection.transaction(),
            connection.cursor(binary=True, row_factory=dict_row) as cursor,
        ):
            await cursor.execute("SET LOCAL search_path TO chat")
            yield cursor


async def read_stored(saver: ChatSaver, thread_id: str) -> Stored:
    """Read a conversation."""
    stored = await saver.aget_tuple({"configurable": {"thread_id": thread_id}})
    if stored is None:
        return Stored([], [])
    # LangGraph keeps what a call of a step has returned apart until all of them have.
    pending = [
        message
        for _, channel, messages in stored.pending_writes or []
        if channel == "messages" and isinstance(messages, list)
        for message in cast("list[Any]", messages)
        if isinstance(message, ToolMessage)
    ]
    return Stored(stored.checkpoint["channel_values"].get("messages", []), pending)


def to_history(messages: list[BaseMessage]) -> list[ChatMessage]:
    """Convert messages to their wire form; calls of tools without text are left out."""
    history: list[ChatMessage] = []
    for message in messages:
        if isinstance(message, ToolMessage):
            text = message.text
            shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"
            history.append(ChatMessage(role="tool", text=shown, tool=message.name))
        elif isinstance(message, HumanMessage):
            history.append(ChatMessage(role="person", text=message.text, tool=None))
        elif isinstance(message, AIMessage) and message.text:
            history.append(ChatMessage(role="model", text=message.text, tool=None))
    return history


def unanswered(stored: Stored) -> list[ToolMessage]:
    """Return answers to the calls of an interrupted message, which a model must not miss."""
    messages = stored.messages
    answers = {message.tool_call_id for message in messages if isinstance(message, ToolMessage)}
    written = [message for message in messages if isinstance(message, AIMessage)]
    calls = [call for message in written for call in message.tool_calls]
    results = {result.tool_call_id: result for result in stored.results}
    return [
        results.get(call["id"] or "")
        or ToolMessage(
            _INTERRUPTED, tool_call_id=call["id"] or "", name=call["name"], status="error"
        )
        for call in calls
        if call["id"] not in answers
    ]
