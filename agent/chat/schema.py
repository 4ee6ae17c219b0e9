"""Wire types of the chat."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, JsonValue, StringConstraints

from domain_services.kernel.types import Answer, ProjectId, Storable, Wire

MOST_CHARACTERS = 4_000  # of a message

Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_CHARACTERS),
    Storable,
]


class ChatRequest(Wire):
    """Message to the assistant."""

    message: Text
    """Question or wish, in any language."""
    project_id: ProjectId | None = None
    """Project that a new conversation is about; null: the message names one."""
    thread_id: UUID | None = None
    """Conversation to go on with; null begins one."""


class Sources(Answer):
    """Ids in the tools' results that an answer names; all that were read when it names none."""

    runs: list[str] = Field(default_factory=list[str])
    """Ids of runs."""
    sprints: list[str] = Field(default_factory=list[str])
    """Ids of sprints."""
    tasks: list[str] = Field(default_factory=list[str])
    """Ids of tasks."""
    episodes: list[str] = Field(default_factory=list[str])
    """Ids of episodes."""


class ToolUse(Answer):
    """Call of a tool by the model."""

    name: str
    """Name of the tool."""
    arguments: dict[str, JsonValue]
    """Arguments as the model gave them."""
    refused: bool
    """True when the tool answered with a refusal."""


class AskedApproval(Answer):
    """Change that the model asked for; nothing is changed before a person approves it."""

    run_id: str
    """Run that waits for a person."""
    description: str
    """The change in words."""
    decide: str
    """Command by which a person decides."""


class ChatAnswer(Answer):
    """Answer of the assistant to one message."""

    thread_id: UUID
    """Conversation, for the next message."""
    answer: str
    """Text of the model, with what it rests on."""
    rests_on: Sources
    """Ids behind the answer."""
    unconfirmed: list[str]
    """Ids that the text names and that no tool has shown; do not rely on them."""
    approvals: list[AskedApproval]
    """Changes that wait for a person."""
    notes: list[str]
    """Sentences of the system at the end of the text, on what the model did not say."""
    tools: list[ToolUse]
    """Calls of tools, in order."""
    limit: str | None
    """Limit that ended the work, in words; null when none did."""
    model: str
    """Model that answered."""
    tokens: int
    """Tokens that were read and written; 0 when the model does not say."""
    ms: float
    """Duration in milliseconds."""


class ChatThread(Answer):
    """One conversation of the caller's key."""

    thread_id: UUID
    """Id of the conversation."""
    project_id: str | None
    """Project that it is about; null without one."""
    title: str
    """First message, shortened."""
    created_at: datetime
    """Time of the first message."""
    updated_at: datetime
    """Time of the last message."""


class ChatThreads(Answer):
    """Conversations of the caller's key, the newest first."""

    threads: list[ChatThread]
    """At most 50 conversations."""


class ChatMessage(Answer):
    """One message of a conversation."""

    role: Literal["person", "model", "tool"]
    """Author of the message."""
    text: str
    """Text; that of a tool is shortened."""
    tool: str | None
    """Name of the tool; null for other authors."""


class ChatHistory(ChatThread):
    """A conversation with its messages."""

    messages: list[ChatMessage]
    """Messages in order."""
