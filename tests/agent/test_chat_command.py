"""`dsm chat` in a terminal and in a pipe."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.agent.chatting import PROJECT, Talk, start_talk, until_true
from tests.agent.conftest import System
from tests.agent.conftest import system as system
from tests.conftest import ADMIN_KEY
from tests.recorded.ollama_double import Reply

SECONDS = 60


@dataclass
class Terminal:
    """A command in a pseudo terminal."""

    process: asyncio.subprocess.Process
    side: int
    output: str = ""

    async def until(self, text: str, times: int = 1) -> None:
        """Read until the output has `text` so often."""
        async with asyncio.timeout(SECONDS):
            while self.output.count(text) < times:
                self.output += (await asyncio.to_thread(os.read, self.side, 4096)).decode()

    def type(self, text: str) -> None:
        """Send keys."""
        os.write(self.side, text.encode())

    async def end(self) -> int:
        """Wait for the end, and return the exit code."""
        async with asyncio.timeout(SECONDS):
            return await self.process.wait()


@pytest.fixture
async def talk(system: System) -> Talk:
    return await start_talk(system)


@pytest.fixture
def command(talk: Talk, tmp_path: Path) -> list[str]:
    key = tmp_path / "admin.key"
    key.write_text(ADMIN_KEY)
    url = f"orchestrator={talk.system.urls['orchestrator']}"
    dsm = [str(Path(sys.executable).with_name("dsm")), "chat", PROJECT]
    return [*dsm, "--url", url, "--key-file", str(key)]


@asynccontextmanager
async def in_terminal(command: list[str]) -> AsyncIterator[Terminal]:
    """Start a command that has a terminal of its own."""
    side, other = os.openpty()
    # A test run that a shell started in its background ignores Ctrl-C, and so would the command.
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=other, stdout=other, stderr=other, start_new_session=True
        )
    finally:
        signal.signal(signal.SIGINT, earlier)
    os.close(other)
    try:
        yield Terminal(process, side)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(side)


async def piped(command: list[str], lines: str) -> tuple[int, str, str]:
    """Run a command on lines; return its exit code, its output and its errors."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe)
    async with asyncio.timeout(SECONDS):
        output, errors = await process.communicate(lines.encode())
    return process.returncode or 0, output.decode(), errors.decode()


async def test_a_stopped_answer_keeps_the_conversation(talk: Talk, command: list[str]) -> None:
    talk.replies(Reply("A long story", seconds=600))
    async with in_terminal(command) as terminal:
        await terminal.until("> ")
        # An empty line asks nothing and ends nothing.
        terminal.type("\n")
        await terminal.until("> ", 2)
        terminal.type("Tell me\n")
        await terminal.until("\nA")
        terminal.process.send_signal(signal.SIGINT)
        await terminal.until("stopped")
        await until_true(lambda: talk.ollama.chats.cut_off == 1)
        talk.replies(Reply("In short, yes."))
        await terminal.until("> ", 3)
        terminal.type("In short\n")
        await terminal.until("In short, yes.")
        await terminal.until("> ", 4)
        terminal.type("\x04")
        await terminal.until("dsm chat --thread ")
        assert await terminal.end() == 0
    words = [entry["content"] for entry in talk.requests[-1]["messages"] if entry["role"] == "user"]
    assert words == ["Tell me", "In short"]


async def test_an_interrupt_at_the_prompt_ends_at_once(command: list[str]) -> None:
    async with in_terminal(command) as terminal:
        await terminal.until("> ")
        terminal.process.send_signal(signal.SIGINT)
        assert await terminal.end() == 130


async def test_each_line_of_a_pipe_is_a_message_of_one_conversation(
    talk: Talk, command: list[str]
) -> None:
    talk.replies(Reply("First."), Reply("Second."))
    code, output, _ = await piped([*command, "--json"], "One\n\nTwo\n")
    first, second = map(json.loads, output.splitlines())
    assert (code, first["answer"], second["answer"]) == (0, "First.", "Second.")
    assert first["thread_id"] == second["thread_id"]


async def test_a_pipe_ends_with_the_first_message_that_has_no_answer(
    talk: Talk, command: list[str]
) -> None:
    talk.replies(Reply("Half", broken_by="cut"))
    code, output, errors = await piped(command, "One\nTwo\n")
    assert (code, output) == (1, "Half\n")
    assert errors.startswith("error: the connection to Ollama was lost")
    assert len(talk.requests) == 1


async def test_an_answer_says_what_waits_and_what_nobody_has_shown(
    talk: Talk, command: list[str]
) -> None:
    sprint = await talk.system.post("sprint", f"/sprints/{PROJECT}", {"duration_weeks": 2})
    sprint_id = sprint.json()["sprint_id"]
    talk.replies(Reply(calls=(("close_sprint", {"sprint_id": sprint_id}),)), Reply("P9-S07 waits"))
    code, output, _ = await piped([*command, "-m", "Close it"], "")
    assert code == 0
    assert f"waits for a person, nothing is changed yet: Close sprint {sprint_id}" in output
    assert "  dsm approve " in output
    assert "no tool has shown: P9-S07; do not rely on it" in output
