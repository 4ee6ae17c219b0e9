"""Profile of a tracker's export: how it is told, what its columns mean, and what it lacks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from agent.importing.meaning.statuses import State
from agent.importing.tasks import Kind


@dataclass(frozen=True, slots=True)
class Lack:
    """A fact that an export does not hold."""

    what: str
    """The fact, such as `the day of the finish`."""
    effect: str
    """What cannot be known without it."""
    remedy: str
    """How to get it from the tracker."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Export of one tracker, in one shape and language.

    Names of columns, statuses, types, resolutions and priorities are written as `normalised` gives
    them: lower case, words separated by one space, without a unit in brackets.
    """

    name: str
    """Name for people, such as `Jira Cloud, all fields`."""
    telling: tuple[str, ...]
    """Columns that together tell this export; empty for the profile of any table."""
    columns: Mapping[str, tuple[str, ...]]
    """Names of columns by field (see `reading.fields`), the most telling first."""
    language: str = "en"
    """Language of the months and names (CLDR)."""
    not_telling: tuple[str, ...] = ()
    """Columns of which none may be there."""
    statuses: Mapping[str, State] = field(default_factory=dict[str, State])
    """Statuses of this tracker beside the common ones."""
    types: Mapping[str, Kind] = field(default_factory=dict[str, Kind])
    """Types of this tracker beside the common ones."""
    resolutions: Mapping[str, State] = field(default_factory=dict[str, State])
    """Resolutions beside the common ones: Done or Dropped."""
    priorities: Mapping[str, int | None] = field(default_factory=dict[str, int | None])
    """Priorities beside the common ones, 1 is the highest; None: no priority was given."""
    project_from: Literal["column", "key", "url"] = "column"
    """Where the project comes from when no option names it: a column, the key before its number, or
    the address of the task."""
    lacks: tuple[Lack, ...] = ()
    """Facts that this export does not hold, whatever its columns are."""
    export: str = ""
    """How a person makes this export, in one or two sentences."""
    seen: Literal["real", "documented"] = "documented"
    """`real` when the columns were read off a real export, `documented` when off documentation."""
