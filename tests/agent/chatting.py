"""An orchestrator whose chat has a model: that of a server in Ollama's place."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx

from tests.agent.conftest import System
from tests.conftest import serving
from tests.ports import free_port
from tests.recorded.ollama_double import CHAT_MODEL, OllamaDouble, Reply

PARTS = ("project", "backlog", "chronicle", "sprint")
PROJECT = "P-CHAT"
TASKS: Any = ("list_unassigned_tasks", {"project_id": PROJECT})


@dataclass
class Talk:
    """The chat, and the model behind it."""

    system: System
    ollama: OllamaDouble
    ollama_url: str = ""

    @property
    def url(self) -> str:
        """Route of the chat."""
        return f"{self.system.urls['orchestrator']}/agent/chat"

    def replies(self, *replies: Reply) -> None:
        """Let the model answer with these, in turn, and with the last one from then on."""
        self.ollama.chats.replies[:] = replies

    @property
    def requests(self) -> list[dict[str, Any]]:
        """Requests that the model got."""
        return self.ollama.chats.requests

    async def post(self, message: str, key: str | None = None, **body: Any) -> httpx.Response:
        """Send a message; `key` is another API key."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        body = {"message": message, "project_id": PROJECT, **body}
        return await self.system.http.post(self.url, json=body, headers=headers)

    async def say(self, message: str, key: str | None = None, **body: Any) -> dict[str, Any]:
        """Send a message, and return the answer."""
        answer = await self.post(message, key, **body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def events(self, message: str) -> AsyncIterator[tuple[str, Any]]:
        """Send a message, and give the events of its answer."""
        body = {"message": message, "project_id": PROJECT}
        headers = {"Accept": "text/event-stream"}
        async with self.system.http.stream("POST", self.url, json=body, headers=headers) as answer:
            assert answer.status_code == 200
            name = ""
            async for line in answer.aiter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    yield name, json.loads(line.removeprefix("data: "))

    async def tasks(self) -> list[str]:
        """Ids of the project's tasks."""
        url = f"{self.system.urls['backlog']}/backlogs/{PROJECT}"
        return [task["task_id"] for task in (await self.system.http.get(url)).json()]


async def start_talk(system: System, request_seconds: float = 30, **chat: Any) -> Talk:
    """Start the services and the model; `chat` are settings of the chat.

    `request_seconds` is the deadline of a request that names none.
    """
    ollama, port = OllamaDouble(replies=(Reply("Hello"),)), free_port()
    url = await system.stack.enter_async_context(serving(ollama.app, port))
    settings = {"model": CHAT_MODEL, "ollama_url": url, **chat}
    await system.start(*PARTS)
    await system.start("orchestrator", chat=settings, request_seconds=request_seconds)
    await system.make_project(PROJECT, tasks=3)
    return Talk(system, ollama, url)


async def until_true(condition: Any, seconds: float = 10) -> None:
    """Wait until a function returns a true value."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)
