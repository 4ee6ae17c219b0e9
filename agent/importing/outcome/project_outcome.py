"""Outcome of one project: what an import would write, and what it has written."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from agent.importing.history.changes import Changes
from agent.importing.loading.autonomy import Level
from domain_services.project.schema import Clock

Standing = Literal["new", "held", "live"]


@dataclass(frozen=True, slots=True)
class SprintOutcome:
    """Past sprint of a project, or a window of its history."""

    name: str | None
    """Name as the tracker writes it; null for a window."""
    start_date: date
    """First day."""
    end_date: date
    """Last day that was planned, or that it ran when that is later."""
    ended_on: date
    """Last day that it ran."""
    inferred: bool
    """True when the days were inferred from its tasks."""
    committed: int | None
    """Tasks that were in it when it started; null when not known."""
    completed: tuple[str, ...]
    """Ids of its tasks that were finished in it."""
    unfinished: tuple[str, ...]
    """Ids of its tasks that were not finished in it."""
    outside: tuple[str, ...]
    """Ids of tasks that were finished in its days and are of no sprint."""


@dataclass(frozen=True, slots=True)
class ProjectOutcome:
    """History of a project as of the day of the import."""

    backlog: int
    """Open tasks."""
    past_sprints: int
    """Past sprints."""
    created_later: int
    """Tasks that were created after the day, and are kept back."""
    sprints: tuple[SprintOutcome, ...]
    """Past sprints, the oldest first."""
    running_sprints: tuple[str, ...]
    """Names of the sprints that run on the day."""
    release_command: str | None
    """Command that lets the project follow the clock; null when it does."""
    changes: Changes | None
    """Changes since its last import; null for a project without an earlier one."""
    standing: Standing | None = None
    """What the project is before the import; null: no service was asked."""


@dataclass(frozen=True, slots=True)
class ClosedSprint:
    """Sprint that ended on the way to the day of the import."""

    sprint_id: str
    """Id of the sprint."""
    status: str
    """Status after the close."""
    last_day: date
    """Last day of the sprint."""
    completed_tasks: int
    """Tasks completed in the sprint."""
    returned_tasks: int
    """Unfinished tasks, which returned to the backlog."""


@dataclass(frozen=True, slots=True)
class ProjectResult:
    """Effect of an import on the records of one project."""

    project_id: str
    """Id of the project."""
    project_created: bool
    """False when the project existed."""
    changed: bool
    """True when anything was new or different."""
    members: int
    """People new on the team."""
    tasks: int
    """New tasks of the backlog."""
    sprints: int
    """New past sprints."""
    episodes: int
    """New episodes."""
    existing: int
    """Tasks, sprints and episodes that existed and are untouched."""
    clock: Clock
    """`live` when the project follows the clock after the import, else `held`."""
    today: date
    """Day of the project after the import."""
    completed: int
    """Tasks that were open and are completed now."""
    reopened: int
    """Tasks that were completed and are open now."""
    updated: int
    """Tasks with another title, owner, priority, type, estimate or other labels."""
    closed: int
    """Tasks that were open and were closed without work, on an unknown day, or are no work."""
    marked: int
    """Open tasks whose work has begun or stopped, or that entered or left a running sprint."""
    waiting: tuple[str, ...]
    """Tasks of the running sprint that differ in the files and stay until it ends."""
    replaced: int
    """Past sprints and episodes that were recorded otherwise, or are no longer in the history."""
    ranked: int
    """Open tasks in the order of their ranks; 0 when the order stayed as it was."""
    closed_sprint: ClosedSprint | None
    """Sprint that ended on the way to the day of the import; null when none did."""
    autonomy: Level | None
    """How far the new project acts by itself; null for one that existed: it stays as it is."""
