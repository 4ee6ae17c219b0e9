"""Wire types of runs that carry out a plan without a decision: undoing, and requested calls."""

from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from domain_services.kernel.types import Answer, FreeForm, Line, ProjectId, Storable, Wire
from graphs.answer import Created
from graphs.approval import Approval
from memory.decision import PlannedCall
from memory.run import RunKind, Status

Reason = Annotated[str, StringConstraints(max_length=1000), Storable]


class UndoRequest(Wire):
    """Request to take a finished run back."""

    reason: Reason | None = None
    """Why, in words; null without a reason."""


class CallRequest(Wire):
    """Request for one call, which is made when a person approves it."""

    project_id: ProjectId
    """Project of the call."""
    name: Line
    """Name of a tool that acts."""
    arguments: FreeForm
    """Arguments of the tool, without a key."""
    reason: Reason | None = None
    """Why it is asked for, in words; null without a reason."""
    asked_by: Line | None = None
    """Program that asks, by its own word; null without one. The name of the key is stored too."""


class PlanOutcome(Answer):
    """Run that carries out a plan without a decision, as far as it is."""

    run_id: UUID
    """Id of the run."""
    run_url: str
    """Path at which the run is read."""
    kind: RunKind
    """`undo` takes another run back, `request` makes a call that was asked for."""
    project_id: str
    """Id of the project."""
    status: Status
    """`waiting` until a person answers, then `done`, or `failed` when a call was refused."""
    undoes: UUID | None
    """Run that this one takes back; null for a request."""
    undone: bool = False
    """True when all of that run is taken back that can be; while false, it can be undone again."""
    actions_planned: list[PlannedCall]
    """The calls, in order."""
    actions_taken: list[str] = []
    """What was done, in words; a refusal too."""
    stays: list[str] = []
    """Calls that are not taken back, or steps of this run that were not made; each with why."""
    created: Created | None = None
    """Sprint and schedule that a requested call made; null without either."""
    approval: Approval | None = None
    """Request for a person's decision; null unless the run waits."""
