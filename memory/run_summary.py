"""One run of a list as the route answers it: no client needs a database's driver."""

from datetime import datetime
from uuid import UUID

from domain_services.kernel.types import Answer
from memory.run import RunKind, Status


class RunSummary(Answer):
    """One run of a list; `GET /runs/{run_id}` has the rest."""

    run_id: UUID
    """Id of the run."""
    project_id: str
    """Id of the project."""
    kind: RunKind
    """`decision`, `undo` of another run, or `request` of a call by an agent."""
    status: Status
    """`running`, then `decided` while calls are made, then `done`, `failed` or `abandoned`."""
    dry_run: bool
    """True when the request asked for no call."""
    started_at: datetime
    """Time of the start."""
    decided_at: datetime | None
    """When the decision was stored; null before it, and for a run that planned no call."""
    ended_at: datetime | None
    """Null while the run is unfinished."""
    expires_at: datetime | None
    """Time from which a waiting run can no longer be approved; null for one that never waited."""
    reviewed_by: str | None
    """Name of the API key that approved or rejected it; null before an answer."""
    undone_by: UUID | None
    """Run that took this one back, in part when it is still `done`; null without one."""
    tries: int
    """Failed tries to finish it; outages do not count."""
    reason: str | None
    """Why the run, or the last try to finish it, failed; null unless one did."""
    actions_taken: list[str]
    """Calls that it made, in words."""
