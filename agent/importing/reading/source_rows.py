"""Rows that come from a tracker's API instead of a table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from agent.importing.notices import Notice
from agent.importing.profiles.profile import Profile
from agent.importing.tasks import TrackerSprint


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One task of a tracker, as texts by field."""

    values: Mapping[str, Sequence[str]]
    """Texts by field (see `reading.fields`), none of them empty; dates are ISO 8601."""
    transitions: tuple[tuple[datetime, str], ...]
    """Moments (with zone) and the status from then on, the oldest first; empty when not known."""
    line: int
    """Number of the task in the order of the tracker, from 1."""
    sprint_moves: tuple[tuple[datetime, tuple[str, ...]], ...] = ()
    """Moments (with zone) and the names of its sprints from then on, the oldest first; empty when
    it never moved, or this is not known."""


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
