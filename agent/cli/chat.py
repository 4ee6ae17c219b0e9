"""`dsm chat`: ask the assistant about a project, once or in a conversation."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from agent.chat.schema import ChatAnswer
    from agent.client import OrchestratorClient
    from domain_services.kernel.client.streaming import ServerEvent

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
    """Ask about a team in your own words. Changes wait for your approval (dsm approve)."""
    from agent.cli.failures import one_line

    if as_json and message is None:
        raise typer.BadParameter("give it together with --message", param_hint="--json")
    with one_line():
        talk = Talk(target, project.upper() if project else None, thread)
        asyncio.run(talk.once(message, as_json) if message is not None else talk.go_on())


class Talk:
    """A conversation in a terminal."""

    def __init__(self, target: Target, project: str | None, thread: str | None) -> None:
        self._target = target
        self._project = project
        self._thread = thread
        self._is_silent = False
        self._has_text = False

    async def once(self, message: str, as_json: bool) -> None:
        """Ask one message, and print the answer."""
        from agent.cli.connect import connect

        self._is_silent = as_json
        async with connect(self._target) as clients:
            answer = await self._ask(clients.orchestrator, message)
        if as_json:
            print(answer.model_dump_json(indent=2))
        else:
            self._show_end(answer)

    async def go_on(self) -> None:
        """Ask each line of the person until the input ends."""
        from agent.cli.connect import connect
        from domain_services.kernel.errors import Problem

        print("Ask about a team; an empty line or Ctrl-D ends.", file=sys.stderr)
        async with connect(self._target) as clients:
            while message := await asyncio.to_thread(_read_line):
                try:
                    self._show_end(await self._ask(clients.orchestrator, message))
                except Problem as problem:
                    # Without an answer to the first message there is nothing to go on with.
                    if self._thread is None:
                        raise
                    print(f"error: {problem.detail}", file=sys.stderr)

    async def _ask(self, client: "OrchestratorClient", message: str) -> "ChatAnswer":
        from pydantic import ValidationError

        from agent.chat.schema import ChatRequest
        from agent.chat.watching import watch_chat
        from domain_services.kernel.errors import Invalid

        values = {"message": message, "project_id": self._project, "thread_id": self._thread}
        try:
            body = ChatRequest.model_validate(values)
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            raise Invalid(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error
        self._has_text = False
        answer = await watch_chat(client, body, self._show)
        self._thread = str(answer.thread_id)
        return answer

    def _show(self, event: "ServerEvent") -> None:
        if self._is_silent:
            return
        if event.name == "token":
            self._has_text = True
            print(event.data["text"], end="", flush=True)
        elif event.name == "tool" and event.data["state"] != "done":
            if self._has_text:
                print()
                self._has_text = False
            words = "reads" if event.data["state"] == "begun" else "was refused by"
            print(f"  [{words} {event.data['name']}]", file=sys.stderr)

    def _show_end(self, answer: "ChatAnswer") -> None:
        """Print what the streamed text lacks: the ids, a limit, and what waits."""
        print("\n" if self._has_text else "", end="")
        print(_rest(answer) if self._has_text else answer.answer)
        for approval in answer.approvals:
            print(f"waits for you: {approval.description}\n  {approval.decide}")
        if answer.unconfirmed:
            print(f"no tool has shown: {', '.join(answer.unconfirmed)}; do not rely on it")


def _rest(answer: "ChatAnswer") -> str:
    from agent.chat.sources import in_words

    parts = [in_words(answer.rests_on), f"stopped: {answer.limit}" if answer.limit else ""]
    return "\n".join(part for part in parts if part)


def _read_line() -> str:
    try:
        return input("> ").strip()
    except EOFError:
        print()
        return ""
