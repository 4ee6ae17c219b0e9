"""Rows that come from a tracker's API instead of a table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from agent.importing.notices import Notice
from agent.importing.profiles.profile import Profile
from agent.importing.reading.fields import FIELDS
from agent.importing.tasks import Task, TrackerSprint

DOCUMENT_START = b'{"format":"dsm-tracker-rows"'
"""First bytes of such rows as a file (`sources.document`)."""
SOURCE_HEADER = tuple(field.name for field in FIELDS)


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One task of a tracker, as texts by field."""

    values: Mapping[str, Sequence[str]]
    """Texts by field (see `reading.fields`), none of them empty; dates are ISO 8601."""
    transitions: tuple[tuple[datetime, str], ...]
    """Moments (with zone) and the status from then on, the oldest first; empty when not known."""
    line: int
    """Number of the task in the order of the tracker, from 1."""


@dataclass(frozen=True, slots=True)
class SourceRows:
    """Everything that a tracker told."""

    name: str
    """Name for people, such as `board 'Team Alpha' of https://team.atlassian.net`."""
    profile: Profile
    """Meaning of the statuses and types; its columns are empty."""
    rows: Iterable[SourceRow]
    """Tasks in the order of the tracker; may be read several times."""
    sprints: tuple[TrackerSprint, ...]
    """Sprints; their `project` is the text of the rows' field `project`."""
    notices: tuple[Notice, ...] = field(default=())
    """Sentences about what could not be read."""
    read_at: datetime | None = None
    """Moment before the first request, with zone; None when not known."""
    setup: str = ""
    """Hash of what decided how the tasks were read; the next read of changes needs the same."""
    since: datetime | None = None
    """Moment from which the rows hold all changes; None: they are all tasks."""
    project: str = ""
    """Project whose known tasks complete the changes; empty for all tasks, or not said yet."""
    places: Mapping[str, str] | None = None
    """Ranks by the id of every task that the tracker has, changed or not, "" for none; None when it
    was not asked."""
    known: tuple[Task, ...] = ()
    """Tasks that have not changed, as an earlier import knows them (`history.increments`)."""


def cells_of(row: SourceRow) -> tuple[str, ...]:
    """Return a row as the cells of a file with the header SOURCE_HEADER."""
    return tuple(", ".join(row.values.get(name, ())) for name in SOURCE_HEADER)
