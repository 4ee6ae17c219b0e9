"""Types of the rules: facts about a project in, a ruling out; pure functions in between."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from domain_services.project.schema import Clock, ProjectStatus

Kind = Literal[
    "create_sprint",
    "close_sprint",
    "create_cronjob",
    "change_cronjob",
    "delete_cronjob",
    "no_cronjob",
    "blocked",
    "nothing",
]

# Of a new sprint's daily scrum when the request names none: after lunch on weekdays.
DEFAULT_SCHEDULE = "0 14 * * 1-5"


@dataclass(frozen=True)
class SprintFact:
    """The sprint in progress."""

    sprint_id: str
    """Sprint in progress."""
    end_date: date
    """Its last day."""
    total_tasks: int
    """Tasks in it."""
    pending_tasks: int
    """Tasks in it that are not completed."""
    cronjob: str | None
    """Name of its schedule; None without one."""
    schedule: str | None = None
    """Cron expression of its schedule; None without one."""
    schedule_deleted: str | None = None
    """Person and day of the deletion or rejection of its schedule, in words; None without one."""
    schedule_timezone: str | None = None
    """IANA time zone of its schedule; None as `schedule`."""


@dataclass(frozen=True)
class SourceSprint:
    """Sprint that runs in the team's own tracker."""

    name: str
    """Name of the sprint there."""
    unfinished: int
    """Open tasks of the backlog that are in it."""


@dataclass(frozen=True)
class TaskFact:
    """A task of the backlog."""

    task_id: str
    """The task."""
    priority: int
    """Its priority."""


@dataclass(frozen=True)
class RequestOptions:
    """Options of a request to decide."""

    create_sprint_if_needed: bool = True
    """True when a sprint may be created."""
    create_cronjob: bool = True
    """True when a CronJob may be created."""
    schedule: str | None = None
    """Cron expression of the daily scrum; None: a job keeps its own, a new one gets the default."""
    sprint_duration_weeks: int = 2
    """Weeks of a new sprint."""
    max_tasks: int | None = None
    """Limit of the caller in tasks a sprint; None without one."""
    assign_tasks: bool = True
    """False when the request assigns no task: no sprint is created then."""
    task_ids: tuple[str, ...] | None = None
    """Scope on the table: the tasks that the sprint may have; None: all free tasks."""


@dataclass(frozen=True)
class Facts:
    """A project on one day."""

    project_id: str
    """The project."""
    today: date
    """Day of the decision, in the project's time zone."""
    backlog_tasks: int
    """Tasks of the backlog that are not completed."""
    unassigned_tasks: int
    """Of these, tasks free to be planned."""
    plannable: tuple[TaskFact, ...]
    """The first free tasks in planning order that wait for no other one.

    As many as one sprint may get: a backlog of thousands need not be read for it.
    """
    team_size: int | None
    """Members of the team; None when no team is known."""
    working_days: int | None
    """Working days of the project in the window; None when not known."""
    team_working_days: int | None
    """Days that the members can work in the window, summed; None without a known team."""
    days_off: tuple[str, ...]
    """Holidays and leave in the window, each in words."""
    active_sprint: SprintFact | None
    """The sprint in progress; None without one."""
    orphaned_cronjobs: tuple[str, ...]
    """Schedules whose sprint is not in progress any more."""
    options: RequestOptions
    """Options of the request."""
    timezone: str = "UTC"
    """IANA time zone of the project."""
    now: datetime | None = None
    """Present of the project: of a held one the start of its day; None when not known."""

    # With defaults, as a run that an earlier release decided has no value of these.
    project_status: ProjectStatus = "active"
    """Sprints are begun in `active` projects alone."""
    clock: Clock | None = None
    """`live`: the project follows the clock; `held`: its day changes only when it is moved.

    None in a run that an earlier release decided.
    """
    next_start: date | None = None
    """First day of a sprint that is created now; None: today."""
    pace_tasks: int = 0
    """Tasks that the team's own pace allows at the wanted certainty, before any limit."""
    pace_reason: str = ""
    """The pace in sentences, with the numbers in it."""
    source_sprints: tuple[SourceSprint, ...] = ()
    """Sprints that run in the team's own tracker, by name; empty without one."""

    @property
    def sprint_start(self) -> date:
        """First day of a sprint that is created now."""
        return self.next_start or self.today

    @property
    def schedule(self) -> str:
        """Return the cron expression of a new CronJob."""
        return self.options.schedule or DEFAULT_SCHEDULE


@dataclass(frozen=True)
class Ruling:
    """Decision of one rule."""

    rule: str
    """Name of the rule."""
    kind: Kind
    """What is to be done."""
    reason: str
    """Reason in one sentence or two."""
    tasks: int | None = None
    """Tasks of the sprint to create; None for other kinds."""
    duration_weeks: int | None = None
    """Weeks of the sprint to create; None for other kinds."""
    sprint_id: str | None = None
    """Sprint that the ruling is about; None for a sprint that does not exist yet."""
    cronjob: str | None = None
    """CronJob to delete; None for other kinds."""


Rule = Callable[[Facts], Ruling | None]
