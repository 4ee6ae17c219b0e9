"""LangGraph agent of the chat: a model, the tools, and the limits of one message."""

import asyncio
from typing import Any

from langchain.agents import create_agent  # pyright: ignore[reportUnknownVariableType]
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import HumanMessage
from langchain_core.tools import BaseTool

from agent.chat.caps import Caps
from agent.chat.settings import ChatSettings
from agent.chat.storage import ChatSaver, read_stored, unanswered
from agent.chat.turn import Turn
from agent.chat.words import prompt_of
from memory.chat_threads import ThreadFull

# Each step stores all messages so far again: a conversation without an end would fill the database.
MOST_STORED = 300
_STEPS = 500  # of LangGraph; the limits of `Caps` end the work long before


async def run_agent(
    turn: Turn,
    model: BaseChatModel,
    tools: tuple[BaseTool, ...],
    message: str,
    *,
    settings: ChatSettings,
    saver: ChatSaver,
    reads_only: bool,
) -> None:
    """Work on a message; `turn` takes the events. Raises: `ChatUnavailable`, `ThreadFull`."""
    thread_id = str(turn.thread.thread_id)
    stored = await read_stored(saver, thread_id)
    turn.recall([*stored.messages, *stored.results])
    if len(stored.messages) >= MOST_STORED:
        raise ThreadFull(
            f"this conversation has {len(stored.messages)} messages with those of the tools; begin"
            " another one by leaving out thread_id",
            thread_id=thread_id,
        )
    caps = turn.caps = Caps(settings, turn.model, tuple(tool.name for tool in tools))
    agent: Any = create_agent(
        model,
        list(tools),
        system_prompt=prompt_of(turn.thread.project_id, reads_only),
        middleware=[caps],
        checkpointer=saver,
        name="chat",
    )
    config = {
        "configurable": {"thread_id": thread_id},
        "recursion_limit": _STEPS,
        "run_name": "chat",
        "tags": ["chat"],
        "metadata": {"project_id": turn.thread.project_id},
    }
    messages = [*unanswered(stored), HumanMessage(message)]
    try:
        async with asyncio.timeout(settings.max_seconds):
            async for kind, part in agent.astream(
                {"messages": messages},
                config,
                stream_mode=["messages", "updates"],
                # No call is made before the conversation has it, whenever the process ends.
                durability="sync",
            ):
                turn.take(kind, part)
    except TimeoutError:
        caps.limit = f"{settings.max_seconds:g} seconds went by"
