"""Routes of the chat: say something, list conversations, read one."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from agent.chat import schema
from agent.chat.conversation import Chat
from agent.runs.streaming import STREAMED
from domain_services.kernel.web.auth import VIEWER, Identity
from domain_services.kernel.web.event_stream import Emit, stream, until_reader_leaves, wants_events
from domain_services.kernel.web.openapi import problems

router = APIRouter(prefix="/agent/chat", tags=["chat"])


async def _chat(request: Request) -> Chat:
    return request.app.state.chat


async def _caller(request: Request) -> Identity:
    return request.scope["dsm.identity"]


Wired = Annotated[Chat, Depends(_chat)]
Caller = Annotated[Identity, Depends(_caller)]


@router.post(
    "",
    response_model=schema.ChatAnswer,
    responses=STREAMED | problems(400, 404, 409, 503),
    **VIEWER,
)
async def chat(
    body: schema.ChatRequest, chat: Wired, caller: Caller, request: Request
) -> schema.ChatAnswer | Response:
    """Answer a message from what the tools read; each change waits for a person's approval.

    With `Accept: text/event-stream` the answer is a stream: `thread`, `token` and `tool` events,
    then `answer` or `error`. A reader that leaves ends the model's work.
    """
    if not wants_events(request):
        return await until_reader_leaves(request, chat.answer(body, caller, _to_nobody))

    async def work(emit: Emit) -> None:
        answer = await chat.answer(body, caller, emit)
        emit("answer", answer.model_dump(mode="json"))

    return await stream(work, ends_with_reader=True)


@router.get("/threads", responses=problems(503))
async def list_chat_threads(chat: Wired, caller: Caller) -> schema.ChatThreads:
    """List the conversations of the caller's key, the newest first."""
    stored = await chat.threads(caller.name)
    return schema.ChatThreads(
        threads=[
            schema.ChatThread.model_validate(thread, from_attributes=True) for thread in stored
        ]
    )


@router.get("/threads/{thread_id}", responses=problems(404, 503))
async def get_chat_thread(thread_id: UUID, chat: Wired, caller: Caller) -> schema.ChatHistory:
    """Read a conversation of the caller's key."""
    return await chat.history(thread_id, caller.name)


def _to_nobody(name: str, data: Any) -> None:
    """Drop an event that nobody reads."""
