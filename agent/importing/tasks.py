"""Tasks, sprints and refused rows of an import, and the rule for project ids."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from agent.importing.errors import CsvRefused
from agent.importing.meaning.statuses import State
from domain_services.kernel.types import PROJECT_ID, RESERVED_IDS

_PROJECT_ID = re.compile(PROJECT_ID)


class Kind(StrEnum):
    """Size of a task: what is planned and counted is work."""

    WORK = "work"
    CONTAINER = "container"
    """Holds work of months, such as an epic; never planned and never counted."""
    PART = "part"
    """Step of a task, such as a sub-task; goes where its parent goes and counts with it."""
    LEFT_OUT = "left out"
    """Work of a type that a person did not choose; never planned, never counted, and no label."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of a task's status."""

    day: date
    """Day of the change."""
    status: str
    """Status from then on, as the tracker writes it."""
    state: State | None
    """Meaning of the status; None when its name is not known."""


@dataclass(frozen=True, slots=True)
class TrackerSprint:
    """A sprint, cycle or iteration of the tracker."""

    project: str
    """Project id."""
    name: str
    """Name as the tracker writes it."""
    start: date | None
    """First day; None when not known."""
    end: date | None
    """Last planned day; None when not known."""
    closed: date | None = None
    """Day on which it was closed; None: not closed, or not known."""
    state: Literal["future", "active", "closed"] | None = None
    """State as the tracker writes it; None when not known."""
    inferred: bool = False
    """True when the days were inferred from the tasks of the sprint."""
    committed: tuple[str, ...] | None = None
    """Ids of the tasks that were in it when it started; None when the source does not tell them."""


# Not frozen, though nobody changes one: freezing takes a twentieth of the reading of a file
# (docs/adr/0168-large-exports.md).
@dataclass(slots=True)
class Task:
    """A task of the file; a field that is not mapped or empty is None."""

    id: str
    """Id as the file writes it; unique in its project."""
    project: str
    """Project id, upper-cased, with the prefix if there is one."""
    created: date
    """Day of creation."""
    finished: date | None = None
    """Day of the finish, never before `created`; None while the task is open."""
    title: str | None = None
    """One line of text."""
    status: str | None = None
    """Status as the file writes it."""
    priority: str | None = None
    """Priority as the file writes it."""
    priority_level: int | None = None
    """Meaning of the priority, from 1 (the highest) to 5; None when not known."""
    rank: str | None = None
    """Place in the backlog as the file writes it: a number, or a text that sorts by letters."""
    assignee: str | None = None
    """Name of the person as the file writes it."""
    type: str | None = None
    """Kind of task as the file writes it, such as `Bug`."""
    labels: tuple[str, ...] = ()
    """Labels, each once, in the order of the file."""
    estimate: float | None = None
    """Estimate in the file's own unit, usually story points."""
    updated: datetime | None = None
    """Moment of the last change as the file writes it, without zone; None when not known."""
    state: State | None = None
    """Meaning of the status; None when not known. A done task may have no known finish day."""
    dropped: date | None = None
    """Day on which the task was closed without work; None: not dropped, or not known."""
    started: date | None = None
    """Day on which work began; None when not known."""
    kind: Kind = Kind.WORK
    """Size of the task."""
    parent: str | None = None
    """Id of the task that this one is a part of, or of its container; None without one."""
    sprints: tuple[str, ...] = ()
    """Names of the sprints that the task was in, the first one first."""
    email: str | None = None
    """E-mail address of the assignee."""
    others: tuple[str, ...] = ()
    """Names of further people on the task."""
    transitions: tuple[Transition, ...] = ()
    """Changes of the status, the oldest first; empty when the source does not tell them."""
    checklist: tuple[str, ...] = ()
    """Titles of its parts, each with its id; filled by `history.work` alone."""

    @property
    def newest(self) -> date:
        """Newest day on which anything of the task is known to have happened."""
        newest = self.created
        updated = self.updated and self.updated.date()
        for day in (self.finished, self.dropped, self.started, updated):
            if day is not None and day > newest:
                newest = day
        return newest

    @property
    def ended(self) -> date | None:
        """Day on which the task was closed, by its finish or without work; None: no known day."""
        return self.finished or self.dropped

    def is_open(self, day: date) -> bool:
        """Tell whether the task is open at the end of a day; closed on an unknown day it is not."""
        if self.ended is None:
            return self.state not in (State.DONE, State.DROPPED)
        return self.ended > day

    def is_begun(self, day: date) -> bool:
        """Tell whether somebody works on the task, which is open at the end of a day."""
        if not self.is_open(day):
            return False
        changes = [change for change in self.transitions if change.day <= day]
        if changes:
            return changes[-1].state is State.DOING
        # A day in the past does not know of work that began later.
        if self.started is not None:
            return self.started <= day and self.state is not State.TO_DO
        return self.state is State.DOING


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that is not imported."""

    row: int
    """Line of the file on which the row starts; the first line is 1."""
    column: str
    """Name of the column at fault; "" when the whole row is."""
    reason: str
    """End of a sentence about the value or the row."""
    cells: tuple[str, ...]
    """Cells of the row, unchanged."""


class RowRefused(Exception):
    """A row that is not a task; the reader of the file adds the row's number."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


def project_id(text: str) -> str:
    """Turn a text into a project id, upper-cased.

    Raises: `ValueError`, with the reason, when it cannot be one.
    """
    candidate = text.upper()
    if not text.isascii() or not _PROJECT_ID.fullmatch(candidate):
        raise ValueError(
            f"{text!r} cannot be a project id: letters, digits, _ and -, at most 32, "
            "the first a letter or digit"
        )
    if text.lower() in RESERVED_IDS:
        raise ValueError(f"{text!r} is a reserved word and cannot be a project id")
    return candidate


def is_project_id(text: str) -> bool:
    """Return True for a text that `project_id` takes."""
    try:
        project_id(text)
    except ValueError:
        return False
    return True


def option_project_id(text: str) -> str:
    """Turn the value of --project into a project id. Raises: `CsvRefused` when it cannot be one."""
    try:
        return project_id(text)
    except ValueError as error:
        raise CsvRefused(f"--project {error}.") from error
