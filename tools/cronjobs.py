"""CronJobs: their store as a port, and their names."""

import hashlib
import re
from datetime import date, datetime, timedelta
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from tools.cron_times import next_due

# Kubernetes appends 11 characters to a CronJob's name for each Job, whose name may have 63.
MAX_NAME_CHARACTERS = 52
# Author of the jobs that runs create.
ORCHESTRATOR = "project-orchestrator"

ProjectKind = Literal["daily_scrum", "orchestrate"]
"""Hold the daily scrum of a sprint, or decide on a project."""
OwnKind = Literal["backfill", "learn", "retention"]
"""Work of the installation: embed past decisions, learn from outcomes, delete what is old."""
JobKind = Literal[ProjectKind, OwnKind]
OWN_KINDS: tuple[OwnKind, ...] = ("backfill", "learn", "retention")

State = Literal["active", "pending", "refused"]
"""`pending`: the cluster does not have it yet. `refused`: the cluster does not take it."""


class CronJob(BaseModel):
    """Schedule of a project, of one sprint's daily scrum, or of the installation itself."""

    model_config = ConfigDict(frozen=True)

    name: str
    """Name by `cronjob_name`, unique in the installation."""
    kind: JobKind = "daily_scrum"
    """Work that is done when the job is due."""
    project_id: str | None = None
    """Project that the job belongs to; None for the installation's own."""
    sprint_id: str | None = None
    """Sprint whose daily scrum is held; None for other kinds."""
    schedule: str
    """Cron expression of five fields."""
    timezone: str
    """IANA time zone of the schedule."""
    starts_on: date | None = None
    """First day of the sprint; nothing fires before it. None: no such day."""
    ends_on: date | None = None
    """Last day of the sprint; nothing fires after it. None: no end."""
    created_by: str = ORCHESTRATOR
    """Person or program that created the job."""
    created_at: datetime | None = None
    """Moment of the creation; the store sets it."""
    starts_at: datetime | None = None
    """Earliest due time: creation, last change or resumption; the store sets it."""
    suspended_at: datetime | None = None
    """Moment since which nothing fires; None: it runs."""
    suspended_by: str | None = None
    """Person who suspended the job; None as above."""
    last_due_at: datetime | None = None
    """Due time of the last firing; None before the first."""
    next_due_at: datetime | None = None
    """Moment at which the scheduler looks at it next; None: it never comes again."""
    state: State = "active"
    """Whether the scheduler has it as it is here; always `active` in the embedded mode."""
    state_reason: str | None = None
    """Why the cluster does not have it; None for an active one."""

    def next_from(self, moment: datetime) -> datetime | None:
        """Return the first due time from `moment` on, in UTC; None when none comes."""
        return next_due(self.schedule, self.timezone, moment, self.ends_on, self.starts_on)

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first due time after `moment`, in UTC; None when none comes."""
        return self.next_from(moment + timedelta(seconds=1))

    @property
    def suspended(self) -> bool:
        """Tell whether the job is paused."""
        return self.suspended_at is not None


class CronJobs(Protocol):
    """Store of the schedules: a table in the embedded mode, the Kubernetes API in a cluster."""

    async def create(self, job: CronJob) -> CronJob:
        """Create `job`, or adopt the one of its name with the schedule of `job`.

        An adopted job stays suspended when it was. Raises: `Invalid` for a bad schedule or zone,
        `Conflict` for a name that another project or sprint has.
        """
        ...

    async def change(
        self, project_id: str | None, name: str, schedule: str, timezone: str | None = None
    ) -> bool:
        """Change the times of a job; False without one of that name. Raises: `Invalid`.

        Without `timezone` the zone stays.
        """
        ...

    async def suspend(self, project_id: str | None, name: str, by: str) -> bool:
        """Stop a job's firing until it is resumed; False without one of that name."""
        ...

    async def resume(self, project_id: str | None, name: str) -> bool:
        """Let a suspended job fire again; False without one of that name.

        Nothing that was due in the pause fires. Many jobs resumed at once fire spread over time.
        """
        ...

    async def delete(self, project_id: str | None, name: str) -> bool:
        """Delete a job of the project; return False when it has none of that name."""
        ...

    async def find(self, name: str) -> CronJob | None:
        """Read the job of a name; None without one."""
        ...

    async def list_jobs(self, project_id: str | None) -> list[CronJob]:
        """List the project's jobs by name; for None the installation's own."""
        ...

    async def list_all(self) -> list[CronJob]:
        """List the jobs of all projects by name."""
        ...


def cronjob_name(sprint_id: str) -> str:
    """Make the DNS label `run-dailyscrum-<sprint>` of at most 52 characters."""
    return _label("run-dailyscrum", sprint_id)


def orchestration_name(project_id: str) -> str:
    """Make the DNS label `run-orchestrate-<project>` of at most 52 characters."""
    return _label("run-orchestrate", project_id)


def own_name(kind: OwnKind) -> str:
    """Make the name `run-<kind>` of one of the installation's own jobs."""
    return f"run-{kind}"


def _label(prefix: str, owner: str) -> str:
    # The same owner has the same name always: creating its job again adopts the one there is. A
    # digest keeps shortened or lower-cased names apart.
    label = re.sub("[^a-z0-9-]+", "-", owner.lower()).strip("-")
    name = f"{prefix}-{label}"
    if len(name) <= MAX_NAME_CHARACTERS and label == owner.lower():
        return name
    digest = hashlib.sha256(owner.encode()).hexdigest()[:8]
    return f"{name[: MAX_NAME_CHARACTERS - 9].rstrip('-')}-{digest}"
