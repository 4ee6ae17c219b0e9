"""Conversations: one message of a person in, the model's answer with its ids out."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from uuid_utils.compat import uuid7

from agent.chat.holding import HOLD_SECONDS, holding
from agent.chat.model import ChatNotSet, check_ollama, model_name, open_model
from agent.chat.requests import Requests
from agent.chat.schema import ChatAnswer, ChatHistory, ChatRequest
from agent.chat.settings import ChatSettings
from agent.chat.storage import ChatSaver, read_stored, to_history
from agent.chat.turn import Turn
from domain_services.kernel import context
from domain_services.kernel.errors import Problem
from domain_services.kernel.web.auth import Identity
from domain_services.kernel.web.event_stream import Emit
from memory.chat_threads import ChatThreads, Thread
from memory.pool import Pool
from tools.for_models import RequestApproval, for_model
from tools.registry import Toolbox

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

_TITLE = 80  # characters
RequestsOf = Callable[[str], RequestApproval]
"""Make what asks a person for a call, by the name of the key that asks."""


class Chat:
    """The assistant; what `requests_of` makes opens runs that wait for a person."""

    def __init__(
        self,
        settings: ChatSettings,
        pool: Pool,
        toolbox: Toolbox,
        requests_of: RequestsOf,
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._threads = ChatThreads(pool)
        self._toolbox = toolbox
        self._requests_of = requests_of

    async def answer(self, request: ChatRequest, caller: Identity, emit: Emit) -> ChatAnswer:
        """Answer a message; `emit` gets `thread`, then `token` and `tool` events.

        Raises: `ChatNotSet`, `ChatUnavailable`; `NotFound` for another key's thread; `ThreadBusy`,
        `ThreadFull`.
        """
        # The packages come with an extra, and take a second to import.
        try:
            from agent.chat.agent import run_agent
        except ImportError as error:
            raise ChatNotSet(
                "the packages of the chat are not installed; install the extra `chat`:"
                " pip install 'digital-scrum-master[chat]'"
            ) from error
        settings = self._settings
        name = model_name(settings.model, "DSM_CHAT__MODEL")
        url = str(settings.ollama_url)
        await check_ollama(url, name, "DSM_CHAT__OLLAMA_URL")
        thread = await self._claim(request, caller.name)
        turn = Turn(name, thread, emit)
        requests = Requests(turn, self._requests_of(caller.name))
        try:
            async with holding(self._threads, thread):
                emit("thread", {"thread_id": str(thread.thread_id)})
                async with open_model(url, name, settings.context_tokens) as model:
                    with _own_time(settings.max_seconds):
                        await run_agent(
                            turn,
                            model,
                            self._tools(requests, caller),
                            request.message,
                            settings=settings,
                            saver=ChatSaver(self._pool),
                            reads_only=caller.role == "viewer",
                        )
                await requests.settle()
        except Problem as problem:
            # What it has asked for waits, though there is no answer.
            await requests.settle()
            turn.add_requests(problem)
            raise
        return turn.answer()

    async def history(self, thread_id: UUID, owner: str) -> ChatHistory:
        """Read a conversation. Raises: `NotFound`, also for one of another key."""
        thread = await self._threads.read(thread_id, owner)
        stored = await read_stored(ChatSaver(self._pool), str(thread_id))
        return ChatHistory(
            thread_id=thread.thread_id,
            project_id=thread.project_id,
            title=thread.title,
            created_at=thread.created_at,
            updated_at=thread.updated_at,
            messages=to_history(stored.messages),
        )

    async def threads(self, owner: str) -> list[Thread]:
        """List the conversations of a key, the newest first."""
        return await self._threads.newest(owner)

    async def _claim(self, request: ChatRequest, owner: str) -> Thread:
        seconds = HOLD_SECONDS
        if request.thread_id is not None:
            return await self._threads.claim(request.thread_id, owner, seconds)
        title = " ".join(request.message.split())[:_TITLE]
        return await self._threads.begin(uuid7(), owner, request.project_id, title, seconds)

    def _tools(self, requests: Requests, caller: Identity) -> "tuple[BaseTool, ...]":
        if caller.role == "viewer":
            return self._toolbox.read
        return for_model(self._toolbox, requests.ask)


@contextmanager
def _own_time(seconds: float) -> Iterator[None]:
    """Give the calls of tools as long as the message has, in place of a request's deadline."""
    token = context.deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        context.deadline.reset(token)
