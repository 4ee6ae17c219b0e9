"""The assistant's answer as its reader watches it: events while it is made, then the answer."""

from collections.abc import Callable
from contextlib import aclosing

from agent.chat.schema import ChatAnswer, ChatRequest
from agent.client import CHAT, CHAT_SECONDS, OrchestratorClient
from domain_services.kernel.client.http_client import Lost
from domain_services.kernel.client.streaming import ServerEvent

Watch = Callable[[ServerEvent], None]


async def watch_chat(client: OrchestratorClient, body: ChatRequest, watch: Watch) -> ChatAnswer:
    """Answer a message as `client.chat` does; `watch` gets each event before the answer.

    Raises: as `client.chat`, also for a problem that the stream ends with.
    """
    async with aclosing(client.events(CHAT, body=body, timeout=CHAT_SECONDS)) as events:
        async for event in events:
            if event.name == "answer":
                return ChatAnswer.model_validate(event.data)
            if event.name == "error":
                raise client.problem_of(event.data)
            watch(event)
    raise Lost(client.peer, "ended its answer too soon; ask again", False)
