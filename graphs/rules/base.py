"""The shape of a rule: facts in, ruling out; no session, no clock, no network."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import AliasChoices, Field

Kind = Literal[
    "create_sprint", "close_sprint", "create_cronjob", "delete_cronjob", "blocked", "nothing"
]


@dataclass(frozen=True)
class SprintFact:
    """The sprint in progress: `end_date` is its last day; `cronjob` the name of its schedule."""

    sprint_id: str
    end_date: date
    total_tasks: int
    pending_tasks: int
    cronjob: str | None


@dataclass(frozen=True)
class TaskFact:
    task_id: str
    priority: int


@dataclass(frozen=True)
class RequestOptions:
    """What the request asks for; `max_tasks` is None when the caller set no limit of their own."""

    create_sprint_if_needed: bool
    create_cronjob: bool
    schedule: str
    sprint_duration_weeks: int
    max_tasks: int | None


# Release 0.1.0 stored decided runs with the name `wishes`; they are resumed after an upgrade.
StoredOptions = Annotated[RequestOptions, Field(validation_alias=AliasChoices("options", "wishes"))]


@dataclass(frozen=True)
class Facts:
    """A project on `today`. `unassigned` is in planning order: ready, priority, then oldest.

    `team_working_days` is what the team can work in the window, None without a known team;
    `orphaned_cronjobs` are schedules whose sprint is not in progress any more.
    """

    project_id: str
    today: date
    backlog_tasks: int
    unassigned: tuple[TaskFact, ...]
    team_size: int | None
    working_days: int | None
    team_working_days: int | None
    days_off: tuple[str, ...]
    active_sprint: SprintFact | None
    orphaned_cronjobs: tuple[str, ...]
    options: StoredOptions


@dataclass(frozen=True)
class Ruling:
    """What one rule decides, and why in one sentence; `values` are the numbers of the decision."""

    rule: str
    kind: Kind
    reason: str
    tasks: int | None = None
    duration_weeks: int | None = None
    sprint_id: str | None = None
    cronjob: str | None = None


Rule = Callable[[Facts], Ruling | None]
