"""`dsm chat`: ask the assistant about a project, once or in a conversation."""

import asyncio
import sys
import time
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from agent.chat.schema import ChatAnswer, ChatRequest
    from agent.client import OrchestratorClient
    from domain_services.kernel.client.streaming import ServerEvent

# A conversation that is still busy is free after this: longer than a killed process holds it.
_BUSY_SECONDS = 30.0
_ASK_AGAIN_SECONDS = 0.5

ProjectArgument = Annotated[
    str | None, typer.Argument(metavar="PROJECT", help="Project that the conversation is about.")
]
Message = Annotated[
    str | None, typer.Option("--message", "-m", metavar="TEXT", help="Ask this, print, and end.")
]
ThreadOption = Annotated[
    str | None, typer.Option("--thread", metavar="ID", help="Go on with this conversation.")
]


def chat(
    project: ProjectArgument = None,
    message: Message = None,
    thread: ThreadOption = None,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Ask about a team in your own words. Changes wait for your approval (dsm approve).

    Without --message each line of the input is a message; Ctrl-C stops an answer, Ctrl-D ends.
    """
    from agent.cli.failures import one_line

    if as_json and message is None and sys.stdin.isatty():
        raise typer.BadParameter("give it together with --message", param_hint="--json")
    talk = Talk(target, project.upper() if project else None, thread, as_json=as_json)
    with one_line():
        if message is not None:
            asyncio.run(talk.ask(message))
        elif sys.stdin.isatty():
            talk.go_on()
        else:
            talk.ask_each()


class Talk:
    """A conversation in a terminal."""

    def __init__(
        self, target: Target, project: str | None, thread: str | None, *, as_json: bool = False
    ) -> None:
        self._target = target
        self._project = project
        self._thread = thread
        self._as_json = as_json
        self._indent: int | None = 2
        self._has_text = False

    def ask_each(self) -> None:
        """Ask each line of a file or pipe, up to the first that has no answer.

        As JSON, each answer is one line.
        """
        self._indent = None
        for line in sys.stdin:
            if message := line.strip():
                asyncio.run(self.ask(message))

    def go_on(self) -> None:
        """Ask each line of a person; an answer that is stopped, or missing, ends nothing."""
        with suppress(ImportError):
            # Arrow keys, and a pasted text of several lines as one message.
            import_module("readline")

        print("Ask about a team. Ctrl-C stops an answer, Ctrl-D ends.", file=sys.stderr)
        try:
            while True:
                if message := input("> ").strip():
                    self._ask_person(message)
        except EOFError:
            pass
        finally:
            print()
            if self._thread is not None:
                words = f"go on with it: dsm chat --thread {self._thread}{self._target.options}"
                print(words, file=sys.stderr)

    def _ask_person(self, message: str) -> None:
        from agent.cli.failures import in_words
        from domain_services.kernel.errors import Invalid, Problem

        try:
            asyncio.run(self.ask(message))
        except KeyboardInterrupt:
            print("\nstopped", file=sys.stderr)
        except Problem as problem:
            # Without an answer to the first message there is nothing to go on with.
            if self._thread is None and not isinstance(problem, Invalid):
                raise
            print(f"error: {in_words(problem)}", file=sys.stderr)

    async def ask(self, message: str) -> None:
        """Ask one message, and print the answer."""
        from agent.cli.connect import connect

        self._has_text = False
        try:
            async with connect(self._target) as clients:
                answer = await self._answer(clients.orchestrator, message)
        except BaseException:
            # What comes next begins a line of its own.
            self._end_line()
            raise
        self._thread = str(answer.thread_id)
        if self._as_json:
            print(answer.model_dump_json(indent=self._indent), flush=True)
        else:
            self._show_end(answer)

    async def _answer(self, client: "OrchestratorClient", message: str) -> "ChatAnswer":
        from agent.chat.watching import watch_chat
        from domain_services.kernel.client.http_client import PeerRefused

        body = self._body(message)
        until = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                return await watch_chat(client, body, self._show)
            except PeerRefused as refused:
                if refused.problem.get("code") != "thread_busy" or time.monotonic() > until:
                    raise
            # The answer before was stopped, or its process was killed.
            await asyncio.sleep(_ASK_AGAIN_SECONDS)

    def _body(self, message: str) -> "ChatRequest":
        from pydantic import ValidationError

        from agent.chat.schema import ChatRequest
        from domain_services.kernel.errors import Invalid

        values = {"message": message, "project_id": self._project, "thread_id": self._thread}
        try:
            return ChatRequest.model_validate(values)
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            words = fault["msg"].removeprefix("Value error, ")
            raise Invalid(f"{'.'.join(map(str, fault['loc']))}: {words}") from error

    def _show(self, event: "ServerEvent") -> None:
        if event.name == "thread":
            # An answer that is stopped has begun a conversation too.
            self._thread = event.data["thread_id"]
        if self._as_json:
            return
        if event.name == "token":
            self._has_text = True
            print(event.data["text"], end="", flush=True)
        elif event.name == "tool" and event.data["state"] != "done":
            self._end_line()
            words = "reads" if event.data["state"] == "begun" else "was refused by"
            print(f"  [{words} {event.data['name']}]", file=sys.stderr)

    def _end_line(self) -> None:
        if self._has_text:
            print(flush=True)
            self._has_text = False

    def _show_end(self, answer: "ChatAnswer") -> None:
        """Print what the streamed text lacks: the ids, a limit, and what waits."""
        print(_rest(answer) if self._has_text else answer.answer)
        for approval in answer.approvals:
            print(
                f"waits for a person, nothing is changed yet: {approval.description}"
                f"\n  {approval.decide}{self._target.options}"
            )
        if answer.unconfirmed:
            print(f"no tool has shown: {', '.join(answer.unconfirmed)}; do not rely on it")


def _rest(answer: "ChatAnswer") -> str:
    from agent.chat.sources import in_words

    limit = f"stopped: {answer.limit}" if answer.limit else ""
    parts = [in_words(answer.rests_on), limit, *answer.notes]
    return "".join(f"\n{part}" for part in parts if part)
