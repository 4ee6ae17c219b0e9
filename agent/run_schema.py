"""Wire types of runs, as the orchestrator lists and shows them."""

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from domain_services.chronicle.schema import DecisionEffect
from domain_services.kernel.types import Answer
from graphs.approval import Approval
from memory.decision import Decision
from memory.episode import ModeName
from memory.run import RunKind, Status
from memory.run_summary import RunSummary


class RunFailure(Answer):
    """Error that ended a run."""

    kind: str
    """Name of the error's class."""
    detail: str
    """Its message."""


class RunStep(Answer):
    """Update of a run by one node of its graph."""

    position: int
    """Place in the order in which the nodes ended, from 0."""
    node: str
    """Name of the node."""
    ms: float | None
    """Duration in milliseconds; null where it is not known."""
    update: dict[str, JsonValue]
    """Channels of the state that the node wrote, bounded in size."""
    left_out: dict[str, int]
    """Items of lists, characters of texts, or channels that the bound left out, by their place."""


class ModelComment(Answer):
    """Comment of a model on a decision that was made without it."""

    model: str
    """Name of the model."""
    comment: str
    """Its words; no decision reads them."""
    commented_at: datetime
    """Time of the comment."""


class RunDetails(Answer):
    """One run: its state, its request, and its decision and answer as far as they are known."""

    run_id: UUID
    """Id of the run, of its episode and of its audit."""
    project_id: str
    """Id of the project."""
    status: Status
    """`running`, then `decided` while calls are made, then `done`, `failed` or `abandoned`."""
    effect: DecisionEffect | None
    """`acted`, `dry_run` or `shadow`; null while nothing is decided."""
    decision_mode: ModeName | None
    """Mode of the project at the decision; null without an answer."""
    dry_run: bool
    """True when the request asked for no call."""
    started_at: datetime
    """Time of the start."""
    decided_at: datetime | None
    """When the decision was stored; null before it, and for a run that planned no call."""
    ended_at: datetime | None
    """Null while the run is unfinished."""
    request: dict[str, JsonValue]
    """The request as it was sent, with defaults."""
    decision: Decision | None
    """The stored decision; null without one. A run that made no call has it in `answer`."""
    answer: dict[str, JsonValue] | None
    """The answer to the caller; null until the run is done."""
    error: RunFailure | None
    """Why the run, or the last try to finish it, failed; null unless one did."""
    tries: int = 0
    """Failed tries to finish a decided run; outages do not count."""
    kind: RunKind = "decision"
    """`decision`, `undo` of another run, or `request` of a call by an agent."""
    expires_at: datetime | None = None
    """Time from which a waiting run can no longer be approved; null for one that never waited."""
    proposal: Decision | None = None
    """The decision before a person changed it; null when nobody did."""
    review: dict[str, JsonValue] | None = None
    """What a person answered; null before an answer."""
    reviewed_at: datetime | None = None
    """Time of the answer; null as above."""
    reviewed_by: str | None = None
    """Name of the API key of the answer; null as above."""
    superseded_by: UUID | None = None
    """Newer run whose decision took its place; null without one."""
    asked_by: str | None = None
    """Name of the API key that asked for it; null for a schedule's, and for an older run."""
    undoes: UUID | None = None
    """Run that this one takes back; null unless `kind` is `undo`."""
    undone_by: UUID | None = None
    """Run that took this one back, in part when it is still `done`; null without one."""
    approval: Approval | None = None
    """Request for a person's decision; null unless the run waits."""
    steps: list[RunStep] = []
    """Its nodes in the order in which they ended; empty for a run of an earlier release."""
    model_comment: ModelComment | None = None
    """Comment of a model, made after the decision; null without an advisor."""
    inputs_url: str | None = None
    """Path of what the decision was made from; null where nothing is stored."""
    kept_until: datetime | None = None
    """Time from which the run may be deleted, with its steps and its answer.

    Null while it is unfinished, and where runs are kept for good. A project's newest run stays.
    """
    inputs_kept_until: datetime | None = None
    """Time from which its inputs may be deleted; null without inputs, or when they are for good."""
    forgotten: bool = False
    """True when its episode was forgotten: its reasons, steps and inputs went with it."""


class RunPage(Answer):
    """A page of runs, newest first."""

    runs: list[RunSummary]
    """Runs of the page."""
    next_before: UUID | None
    """Value of `before` for the next page; null on the last."""
