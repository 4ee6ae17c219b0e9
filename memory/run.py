"""A run as the run table holds it, and the refusals that name one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, LiteralString, TypedDict
from uuid import UUID

from domain_services.kernel.errors import Conflict, RequestInProgress
from memory.episode import ModeName
from memory.episode_documents import JsonObject

# ruff: noqa: S608 (statements consist of LiteralStrings, which the type checker holds)

Status = Literal[
    "running",
    "waiting",
    "decided",
    "done",
    "failed",
    "abandoned",
    "rejected",
    "expired",
    "superseded",
    "undone",
]
# `undo` takes back another run; `request` is a call that an agent asked for.
RunKind = Literal["decision", "undo", "request"]
AutonomyLevel = Literal["observe", "approve", "act"]


def run_url(run_id: UUID) -> str:
    """Return the orchestrator's path at which a run is read."""
    return f"/runs/{run_id}"


class RunInProgress(Conflict):
    """Another run of the project is unfinished; the field `run_id` holds its id."""

    code = "run_in_progress"
    title = "A run is in progress"


class EarlierRunInProgress(RequestInProgress):
    """Refusal of a repeated request whose run is unfinished; the field `run_id` holds its id."""

    def __init__(self, run_id: UUID) -> None:
        super().__init__()
        self.fields = {"run_id": str(run_id), "run_url": run_url(run_id)}


class RunError(TypedDict):
    """Reason of a failed run, or of the last failed try to finish one."""

    kind: str
    """Name of the error's class."""
    detail: str
    """Its message."""


@dataclass(frozen=True, slots=True)
class RequestKey:
    """Idempotency-Key of a request, which finds the run that the request began."""

    caller: str
    """Name of the caller's API key."""
    key: str
    """The key as it was sent."""
    request_hash: str
    """SHA-256 of path, query and body, by which the release before stored a request."""


class ModeRow(TypedDict):
    """A row of `decision_modes` as JSON; its other columns are not read."""

    mode: ModeName
    """Name of the mode."""
    confidence_threshold: float
    """Lowest confidence that passes the gate, 0..1."""
    enable_task_count_adjustment: bool
    """True when evidence may change the number of tasks."""
    enable_sprint_duration_adjustment: bool
    """True when evidence may change the length of a sprint."""
    certainty: int
    """Percent of the sprints that are to complete their plan."""
    version: int
    """Counted from 1 for each project."""


class AutonomyRow(TypedDict):
    """A row of `autonomy` as JSON; its other columns are not read."""

    level: AutonomyLevel
    """`observe` acts on nothing, `approve` asks a person first, `act` acts."""
    always_ask: list[str]
    """Tools whose calls wait for a person at every level."""
    version: int
    """Counted from 1 for each project."""


class PauseRow(TypedDict):
    """A row of `pauses` as JSON; its other columns are not read."""

    project_id: str | None
    """Id of the paused project; None: all are paused."""
    reason: str | None
    """Why, in the words of the person; None without any."""
    paused_at: str
    """Time of the pause, ISO 8601."""
    paused_by: str
    """Name of the API key."""


class LeaseLost(Conflict):
    """The run is finished, or another process holds it; the caller must stop."""

    code = "lease_lost"
    title = "The run is no longer held"

    def __init__(self, run_id: UUID) -> None:
        super().__init__(
            f"run {run_id} is finished, or another process holds it; read its answer there",
            run_id=str(run_id),
            run_url=run_url(run_id),
        )


@dataclass(frozen=True, slots=True)
class Run:
    """One orchestration as the run table holds it."""

    run_id: UUID
    """Id of the run, of its episode and of its audit."""
    project_id: str
    """Id of the project."""
    status: Status
    """State of the run."""
    token: int
    """Fencing token; a write needs the newest one."""
    lease_seconds: float
    """Length of the lease."""
    lease_until: datetime
    """End of the lease; the run counts as dead after it."""
    request: JsonObject
    """The request as JSON."""
    decision: JsonObject | None
    """The decision (`memory.decision.Decision`) as JSON; None before it is made."""
    response: JsonObject | None
    """The answer to the caller; None before the run is done."""
    error: JsonObject | None
    """A `RunError`; None unless the run, or the last try to finish it, failed."""
    tries: int
    """Failed tries to finish a decided run; outages do not count."""
    started_at: datetime
    """Time of the start."""
    decided_at: datetime | None
    """None before the decision, and for a run that planned no call."""
    ended_at: datetime | None
    """None while the run is not finished."""
    kind: RunKind
    """Kind of the run."""
    fingerprint: str | None
    """Digest of the calls and of what they rest on; None for a run that never waited."""
    rests_on: JsonObject | None
    """What the calls rest on; None as above."""
    expires_at: datetime | None
    """Time from which a waiting run can no longer be approved; None as above."""
    proposal: JsonObject | None
    """The decision before a person changed it; None for a decision that nobody changed."""
    review: JsonObject | None
    """What a person answered; None before an answer."""
    reviewed_at: datetime | None
    """Time of the answer; None as above."""
    reviewed_by: str | None
    """Name of the API key of the answer; None as above."""
    superseded_by: UUID | None
    """Newer run whose decision took this one's place; None without one."""
    undoes: UUID | None
    """Run that this one takes back; None unless `kind` is `undo`."""
    undone_by: UUID | None
    """Run that took this one back, in part when it is still `done`; None without one."""
    caller: str | None
    """Name of the API key that asked for it; None for a schedule's, and for an older run."""
    mode: ModeRow | None
    """Newest decision mode of the project; None when none was ever set."""
    autonomy: AutonomyRow | None
    """Newest autonomy of the project; None when none was ever set."""
    pause: PauseRow | None
    """Pause of the project or of all projects; None without one."""


def settings_of(project_id: LiteralString) -> LiteralString:
    """Return the columns of a row of runs that the project's settings fill."""
    return f"""
        (SELECT to_jsonb(newest) FROM decision_modes AS newest
         WHERE newest.project_id = {project_id} ORDER BY version DESC LIMIT 1) AS mode,
        (SELECT to_jsonb(newest) FROM autonomy AS newest
         WHERE newest.project_id = {project_id} ORDER BY version DESC LIMIT 1) AS autonomy,
        (SELECT to_jsonb(pauses) FROM pauses
         WHERE ended_at IS NULL
            AND (pauses.project_id IS NULL OR pauses.project_id = {project_id})
         ORDER BY pauses.project_id NULLS FIRST LIMIT 1) AS pause
    """


ROW: LiteralString = f"""
    run_id, project_id, status, token, lease_seconds, lease_until, request, decision, response,
    error, tries, started_at, decided_at, ended_at, kind, fingerprint, rests_on, expires_at,
    proposal, review, reviewed_at, reviewed_by, superseded_by, undoes, undone_by,
    caller, {settings_of("runs.project_id")}
"""
