"""The work on one message, as its answer is put together from the agent's events."""

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from agent.chat.schema import AskedApproval, ChatAnswer, ToolUse
from agent.chat.sources import SeenIds, in_words
from agent.chat.thoughts import ThoughtFilter
from domain_services.kernel.errors import Problem
from domain_services.kernel.web.event_stream import Emit
from memory.chat_threads import Thread
from memory.decision import PlannedCall
from tools.answers import clean, visible

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, ToolMessage

    from agent.chat.caps import Caps

_MOST_NAME = 80  # characters of a tool's name, which the model writes
_SAID_NOTHING = "The model said nothing; ask again, in other words."


class Turn:
    """The work on one message."""

    def __init__(self, model: str, thread: Thread, emit: Emit) -> None:
        self.model = model
        self.thread = thread
        self.caps: Caps | None = None
        self._emit = emit
        self._started = time.perf_counter()
        self._seen = SeenIds()
        self._text = ""
        self._thoughts = ThoughtFilter()
        self._final: str | None = None
        self._tools: list[ToolUse] = []
        self._places: dict[str, int] = {}
        self._approvals: list[AskedApproval] = []
        self._notes: list[str] = []

    def recall(self, messages: "Iterable[BaseMessage]") -> None:
        """Note what tools have shown earlier in the conversation."""
        for message in messages:
            if message.type == "tool":
                self._seen.add_earlier(str(message.text))

    def take(self, kind: str, part: Any) -> None:
        """Take one event of the agent's stream."""
        if kind == "messages":
            chunk, facts = cast("tuple[AnyMessage, dict[str, Any]]", part)
            if facts.get("langgraph_node") == "model" and chunk.type.startswith("AIMessage"):
                self._take_text(chunk.text)
            return
        for update in cast("dict[str, Any]", part).values():
            messages = cast("list[Any]", (update or {}).get("messages") or [])
            for message in messages:
                if message.type == "tool":
                    self._take_result(message)
                elif message.type == "ai":
                    self._take_message(message)

    def note_approval(self, call: PlannedCall, outcome: Mapping[str, Any]) -> Mapping[str, Any]:
        """Note a request for approval, and return what the model reads of it."""
        run_id = str(outcome["run_id"])
        approval = AskedApproval(
            run_id=run_id, description=visible(call.description), decide=f"dsm approve {run_id}"
        )
        # A call that is asked for again waits once.
        if all(other.run_id != run_id for other in self._approvals):
            self._approvals.append(approval)
        return {**outcome, "run_id": run_id, "decide": approval.decide}

    def note_late(self, run_id: str) -> None:
        """Name a request that was stored when nobody worked on the message any more."""
        self._notes += [_in_words(one) for one in self._approvals if one.run_id == run_id]

    def note_unknown(self, call: PlannedCall) -> None:
        """Name a request that may have been stored or not."""
        self._notes.append(
            f"It is not known whether this waits for a person: {visible(call.description)};"
            " dsm runs --status waiting names it if it does."
        )

    def add_requests(self, problem: Problem) -> None:
        """Add what waits for a person to a problem that takes the place of the answer."""
        words = [_in_words(approval) for approval in self._approvals]
        words += [note for note in self._notes if note not in words]
        if words:
            problem.detail = " ".join([f"{problem.detail}.", *words])
            problem.fields["approvals"] = [one.model_dump() for one in self._approvals]

    def answer(self) -> ChatAnswer:
        """Put the answer together."""
        caps = self.caps
        text = (self._final if self._final is not None else self._text).strip()
        if caps is not None and caps.limit is not None and "I stopped" not in text:
            words = f"I stopped: {caps.limit}, which is the limit."
            text = f"{text}\n\n{words}" if text else words
        text = text or _SAID_NOTHING
        rests_on = self._seen.behind(text)
        if not self._seen.names_any(text) and (words := in_words(rests_on)):
            text = f"{text}\n\n{words}"
        left_out = caps.left_out if caps is not None else None
        notes = [*self._notes, left_out] if left_out is not None else self._notes
        known = [str(self.thread.thread_id), *(approval.run_id for approval in self._approvals)]
        return ChatAnswer(
            thread_id=self.thread.thread_id,
            answer="\n\n".join([text, *notes]),
            rests_on=rests_on,
            unconfirmed=self._seen.unconfirmed(text, known),
            approvals=self._approvals,
            notes=notes,
            tools=self._tools,
            limit=caps.limit if caps is not None else None,
            model=self.model,
            tokens=caps.tokens if caps is not None else 0,
            ms=round((time.perf_counter() - self._started) * 1000, 1),
        )

    def _take_text(self, text: str) -> None:
        # A model may repeat what a hostile title hides from a terminal.
        if text := visible(self._thoughts.take(text)):
            self._text += text
            self._emit("token", {"text": text})

    def _take_message(self, message: "AIMessage") -> None:
        self._thoughts = ThoughtFilter()
        if not message.tool_calls:
            self._final = visible(message.text)
            return
        # What was said before a call is no part of the answer.
        self._text = ""
        for call in message.tool_calls:
            name, arguments = visible(call["name"])[:_MOST_NAME], clean(call["args"])
            use = ToolUse(name=name, arguments=arguments, refused=False)
            self._tools.append(use)
            self._places[call["id"] or ""] = len(self._tools) - 1
            self._emit("tool", {"name": use.name, "arguments": use.arguments, "state": "begun"})

    def _take_result(self, message: "ToolMessage") -> None:
        place = self._places.get(message.tool_call_id)
        refused = message.status == "error"
        if not refused:
            self._seen.add(message.text)
        elif place is not None:
            use = self._tools[place]
            self._tools[place] = use.model_copy(update={"refused": True})
            # A refusal repeats what the model has made up.
            self._seen.add_refusal(message.text, use.arguments)
        state = "refused" if refused else "done"
        name = visible(message.name or "")[:_MOST_NAME]
        self._emit("tool", {"name": name, "state": state})


def _in_words(approval: AskedApproval) -> str:
    return f"This waits for a person: {approval.description} ({approval.decide})."
