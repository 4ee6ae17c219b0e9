"""A conversation whose process was killed goes on, and asks a person once."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from agent.chat.storage import ChatSaver, read_stored
from deploy.local.servers import EmbeddedServers
from memory.pool import open_pool
from tests.agent.chatting import until_true
from tests.conftest import ADMIN_KEY, Databases, serving
from tests.faults.conftest import open_fleet
from tests.faults.fleet import Fleet, until
from tests.faults.process import PACE
from tests.ports import free_port
from tests.recorded.ollama_double import CHAT_MODEL, OllamaDouble, Reply

SERVICES = ("project", "backlog", "chronicle", "sprint", "orchestrator")
# As shipped, a killed process holds its conversations for 20 s.
HOLD = {"agent.chat.holding:HOLD_SECONDS": 1, "agent.chat.conversation:HOLD_SECONDS": 1}
LONG = 600  # seconds that nobody waits for


class Talk:
    """Conversation with an orchestrator that a test kills."""

    def __init__(self, fleet: Fleet, ollama: OllamaDouble, project: str) -> None:
        self.fleet = fleet
        self.ollama = ollama
        self.project = project
        self.sprint = f"{project}-S01"
        self.thread: str | None = None
        self._reading: asyncio.Task[None] | None = None

    def replies(self, *replies: Reply) -> None:
        """Let the model answer with these, in turn, and with the last one from then on."""
        self.ollama.chats.replies[:] = replies
        self.ollama.chats.requests.clear()

    @property
    def asked_of_model(self) -> int:
        """Calls of the model since its replies were set."""
        return len(self.ollama.chats.requests)

    async def begin(self, message: str) -> None:
        """Send the first message; return when its conversation has begun."""
        begun = asyncio.Event()
        self._reading = asyncio.create_task(self._read(message, begun))
        await begun.wait()

    async def _read(self, message: str, begun: asyncio.Event) -> None:
        url = f"{self.fleet.urls['orchestrator']}/agent/chat"
        body = {"message": message, "project_id": self.project}
        headers = {"Accept": "text/event-stream"}
        try:
            async with self.fleet.http.stream("POST", url, json=body, headers=headers) as answer:
                async for line in answer.aiter_lines():
                    if line.startswith("data: ") and not begun.is_set():
                        self.thread = json.loads(line.removeprefix("data: "))["thread_id"]
                        begun.set()
        except httpx.TransportError:
            pass  # the process was killed

    async def kill(self) -> None:
        """Kill the orchestrator amid its work, and start it again."""
        await self.fleet.kill("orchestrator")
        assert self._reading is not None
        await self._reading
        await self.fleet.restart("orchestrator")

    async def say(self, message: str) -> dict[str, Any]:
        """Send the next message, as soon as the conversation is free; return the answer."""
        body = {"message": message, "thread_id": self.thread}
        async with asyncio.timeout(20):
            while True:
                answer = await self.fleet.call("orchestrator", "POST", "/agent/chat", body)
                if answer.status_code != 409:
                    break
                await asyncio.sleep(0.1)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def stored(self) -> list[dict[str, Any]]:
        """Messages of the conversation that are stored."""
        path = f"/agent/chat/threads/{self.thread}"
        return (await self.fleet.call("orchestrator", "GET", path)).json()["messages"]

    async def waiting(self) -> list[str]:
        """Ids of the project's runs that wait for a person."""
        path = f"/runs?project_id={self.project}&status=waiting"
        runs = (await self.fleet.call("orchestrator", "GET", path)).json()["runs"]
        return [run["run_id"] for run in runs]

    async def listed(self) -> str:
        """Output of the command that lists what waits."""
        key = self.fleet.folder / "admin.key"
        key.write_text(ADMIN_KEY)
        url = f"orchestrator={self.fleet.urls['orchestrator']}"
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("dsm")),
            *("runs", "--status", "waiting", "--json", "--url", url, "--key-file", str(key)),
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
        assert process.returncode == 0
        return output.decode()

    @asynccontextmanager
    async def paused(self, service: str) -> AsyncIterator[None]:
        """Let a service answer nothing."""
        self.fleet.signal(service, signal.SIGSTOP)
        try:
            yield
        finally:
            self.fleet.signal(service, signal.SIGCONT)

    async def has_result(self) -> bool:
        """Check that the result of a call is stored, though its step has not ended."""
        url = self.fleet.databases["orchestrator"]
        async with open_pool(url) as pool:
            return bool((await read_stored(ChatSaver(pool), str(self.thread))).results)

    def messages(self) -> list[dict[str, Any]]:
        """Messages of the last request to the model; each call in them has its result behind it."""
        messages = self.ollama.chats.requests[-1]["messages"]
        place = 0
        while place < len(messages):
            calls: list[Any] = messages[place].get("tool_calls") or []
            results = messages[place + 1 : place + 1 + len(calls)]
            assert [result["role"] for result in results] == ["tool"] * len(calls), messages
            place += 1 + len(calls)
            assert place == len(messages) or messages[place]["role"] != "tool", messages
        return messages


@pytest.fixture(scope="module")
async def processes(
    servers: EmbeddedServers, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Fleet, OllamaDouble]]:
    ollama, port = OllamaDouble(replies=(Reply("Hello"),)), free_port()
    folder = tmp_path_factory.mktemp("chat")
    async with serving(ollama.app, port) as url, open_fleet(servers, databases, folder) as fleet:
        fleet.pace = {**PACE, **HOLD}
        await fleet.start(*SERVICES[:-1])
        await fleet.start("orchestrator", chat={"model": CHAT_MODEL, "ollama_url": url})
        yield fleet, ollama


@pytest.fixture
async def talk(
    processes: tuple[Fleet, OllamaDouble],
) -> Talk:
    fleet, ollama = processes
    project = f"P{uuid4().hex[:8].upper()}"
    talk = Talk(fleet, ollama, project)
    await fleet.create_project(project, 3, ["ann"])
    sprint = await fleet.call("sprint", "POST", f"/sprints/{project}", {"duration_weeks": 2})
    assert sprint.json()["sprint_id"] == talk.sprint
    return talk


def reading(talk: Talk) -> Reply:
    return Reply("Let me see.", calls=(("list_unassigned_tasks", {"project_id": talk.project}),))


def closing(talk: Talk) -> Reply:
    return Reply("I ask.", calls=(("close_sprint", {"sprint_id": talk.sprint}),))


async def until_stored(talk: Talk, text: str) -> None:
    async def is_stored() -> bool:
        return any(message["text"] == text for message in await talk.stored())

    await until(is_stored, f"stored: {text}")


async def test_a_conversation_goes_on_that_was_killed_while_the_model_answers(talk: Talk) -> None:
    talk.replies(Reply("It is a long story", seconds=LONG))
    await talk.begin("What is blocked?")
    await until_stored(talk, "What is blocked?")
    await talk.kill()
    talk.replies(Reply("Nothing."))
    assert (await talk.say("Once more"))["answer"] == "Nothing."
    assert [entry["content"] for entry in talk.messages()[1:]] == ["What is blocked?", "Once more"]


async def test_a_conversation_goes_on_that_was_killed_while_a_tool_reads(talk: Talk) -> None:
    talk.replies(reading(talk))
    async with talk.paused("backlog"):
        await talk.begin("What is free?")
        await until_stored(talk, "Let me see.")
        await talk.kill()
    talk.replies(Reply("Nothing is known."))
    assert (await talk.say("And now?"))["answer"] == "Nothing is known."
    _, _, call, result, _ = talk.messages()
    assert call["tool_calls"][0]["function"]["name"] == "list_unassigned_tasks"
    assert "interrupted" in result["content"]


async def test_a_change_that_was_asked_for_before_a_kill_waits_once(talk: Talk) -> None:
    talk.replies(closing(talk), Reply("It waits", seconds=LONG))
    await talk.begin("Close the sprint")
    await until_true(lambda: talk.asked_of_model == 2)
    await talk.kill()
    (run,) = await talk.waiting()
    assert (await talk.listed()).count(f'"run_id": "{run}"') == 1
    talk.replies(closing(talk), Reply("It waits."))
    answer = await talk.say("Close the sprint")
    assert [approval["run_id"] for approval in answer["approvals"]] == [run]
    assert run in talk.messages()[3]["content"]
    assert await talk.waiting() == [run]


async def test_a_request_amid_a_step_that_was_killed_stays_in_the_conversation(talk: Talk) -> None:
    calls = (*closing(talk).calls, *reading(talk).calls)
    talk.replies(Reply("I ask, and read.", calls=calls))
    async with talk.paused("backlog"):
        await talk.begin("Close the sprint, and what is free?")
        await until(talk.has_result, "a result amid the step")
        await talk.kill()
    (run,) = await talk.waiting()
    talk.replies(closing(talk), Reply("It waits."))
    answer = await talk.say("Close the sprint")
    assert [approval["run_id"] for approval in answer["approvals"]] == [run]
    # The conversation knows the request, though the read beside it had no answer.
    _, _, _, request, read, *_ = talk.messages()
    assert run in request["content"]
    assert "interrupted" in read["content"]
    assert await talk.waiting() == [run]


async def test_a_change_that_was_not_asked_for_before_a_kill_is_asked_for_again(talk: Talk) -> None:
    talk.replies(closing(talk))
    async with talk.paused("sprint"):
        await talk.begin("Close the sprint")
        await until_stored(talk, "I ask.")
        await talk.kill()
    assert await talk.waiting() == []
    talk.replies(closing(talk), Reply("It waits."))
    answer = await talk.say("Close the sprint")
    assert [approval["run_id"] for approval in answer["approvals"]] == await talk.waiting()
    talk.messages()
