"""Outcome of one file: what was recognised in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from agent.importing.notices import Notice, Question
from agent.importing.profiles.profile import Lack
from agent.importing.reading.counts import (
    KindCount,
    PriorityCount,
    ProjectCount,
    StateCounts,
    StatusCount,
)
from agent.importing.tasks import Refusal, TrackerSprint


@dataclass(frozen=True, slots=True)
class ColumnOutcome:
    """Columns that feed one field."""

    field: str
    """Name of the field."""
    header: str
    """Name of the column as the file writes it; of several names the one that is filled most."""
    names: tuple[str, ...]
    """Names of all columns of the field, the one that is filled most first."""
    times: int
    """Number of columns."""
    asked: bool
    """True when a person mapped it, False when its name was known."""
    format: str | None
    """Name of the date format; null for other fields and when no format fits."""
    sample: str | None
    """First value; null when there is none."""


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """Everything recognised in a file, or in what a tracker told; counts instead of the tasks."""

    file: str
    """Path of the file, or name of the source."""
    delimiter: str | None
    """Character between cells; null for a workbook or a tracker."""
    kind: str | None
    """Kind of the file in words; null for a tracker."""
    header_line: int | None
    """Line of the header; null for a tracker."""
    skipped_lines: tuple[str, ...]
    """Lines above the header, shortened."""
    profile: str
    """Name of the profile by which it was read."""
    told_by: tuple[str, ...]
    """Columns that told the profile."""
    lacks: tuple[Lack, ...]
    """Facts that it does not hold."""
    notices: tuple[Notice, ...]
    """Sentences for the person who imports, the warnings first."""
    questions: tuple[Question, ...]
    """Doubts that stop an import until a person settles them."""
    rows: int
    """All rows: tasks and refused ones."""
    tasks: int
    """Tasks, containers and parts included."""
    states: StateCounts
    """Work by its state."""
    kinds: tuple[KindCount, ...]
    """Tasks by type and kind."""
    finish_columns: Mapping[str, int]
    """Finish days by the column that told them."""
    finish_dates_corrected: int
    """Tasks whose finish lay before their creation and was moved to it."""
    first_date: date | None
    """Earliest date; null without any."""
    last_date: date | None
    """Latest date; null without any."""
    columns: tuple[ColumnOutcome, ...]
    """Columns that feed a field, in the order of the fields."""
    ignored_columns: tuple[str, ...]
    """Columns that feed no field, each name once."""
    projects: tuple[ProjectCount, ...]
    """Tasks by project."""
    sprints: tuple[TrackerSprint, ...]
    """Sprints that the rows or the tracker name."""
    statuses: tuple[StatusCount, ...]
    """Tasks by status."""
    priorities: tuple[PriorityCount, ...]
    """Tasks by priority."""
    refused_rows: int
    """Number of refused rows."""
    refused: tuple[Refusal, ...]
    """First refused rows, at most a thousand; the file of refused rows has them all."""
    warnings: tuple[str, ...]
    """Texts of the notices that are warnings."""
