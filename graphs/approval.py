"""Request for approval: what a person reads before a plan is carried out, and where to answer.

`action_requests`, `review_configs` and the answer's `decisions` are named as LangChain's clients
know them. Each is bound to its step of the plan, never to its place in a list.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import JsonValue

from domain_services.kernel.types import Answer
from memory.run import run_url

AnswerType = Literal["approve", "edit", "reject"]
# What became of a run that has answered: `waiting` until a person decides.
RunOutcome = Literal["done", "waiting", "rejected", "expired", "superseded", "undone"]


class Change(Answer):
    """Effect of a plan on one thing."""

    what: str
    """The thing that changes."""
    before: str
    """Its state now, in words."""
    after: str
    """Its state when the plan has been carried out, in words."""


class ActionRequest(Answer):
    """A call that waits for a person."""

    step: int
    """Place of the call in the plan, from 0; an answer names it."""
    name: str
    """Name of the tool."""
    args: dict[str, JsonValue]
    """Arguments of the tool."""
    description: str
    """The call in words."""
    undo: str | None
    """How the call is taken back, in words; null when it cannot be."""
    cannot_be_undone: bool
    """True when nothing takes the call back."""


class ReviewConfig(Answer):
    """Possible answers to one call."""

    step: int
    """Place of the call in the plan, from 0."""
    action_name: str
    """Name of the tool."""
    allowed_decisions: list[AnswerType]
    """Answers that are taken."""
    args_schema: dict[str, JsonValue]
    """JSON schema of the tool's arguments."""


class Approval(Answer):
    """Request for a person's decision about a plan."""

    run_id: UUID
    """Id of the run that waits."""
    run_url: str
    """Path at which the run is read."""
    decide_url: str
    """Path to which the decision is posted."""
    fingerprint: str
    """Digest of the plan and of what it rests on; an answer repeats it."""
    expires_at: datetime
    """Time from which the plan can no longer be approved."""
    reason: str
    """Why a person is asked, in words."""
    changes: list[Change]
    """Effect of the whole plan, before and after."""
    action_requests: list[ActionRequest]
    """The calls, in order."""
    review_configs: list[ReviewConfig]
    """Possible answers, one entry a call."""


def decide_url(run_id: UUID) -> str:
    """Return the orchestrator's path to which the decision about a run is posted."""
    return f"{run_url(run_id)}/decision"
