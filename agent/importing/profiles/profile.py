"""Profile of a tracker's export: what tells it, what its columns mean, and what it lacks."""

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
    field: str = ""
    """Field that no column feeds then; "" when the export never holds the fact."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Export of one tracker, in one shape and language.

    Names of columns, statuses, types, resolutions and priorities are written as `normalised` gives
    them: lower case, words separated by one space instead of - or _, no unit in brackets.
    """

    name: str
    """Name for people: the tracker, then the shape, such as `Jira Cloud, all fields`."""
    telling: tuple[str, ...]
    """Columns that together tell this export."""
    columns: Mapping[str, tuple[str, ...]]
    """Names of columns by field (see `reading.fields`), the most telling first."""
    language: str = "en"
    """Language of the months and names (CLDR)."""
    one_of: tuple[tuple[str, ...], ...] = ()
    """Groups of columns, of each of which one must be there too to tell this export."""
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
    categories: Mapping[str, State] = field(default_factory=dict[str, State])
    """Status categories beside the common ones, such as `true` of a column `is closed`."""
    estimate_hours: Mapping[str, float] = field(default_factory=dict[str, float])
    """Hours that a number without a unit means in a column of estimated times, by its name."""
    empty: tuple[str, ...] = ()
    """Values that mean an empty cell, in lower case, such as `null`."""
    project_from: Literal["column", "name", "key", "url"] = "column"
    """Where the project comes from when no option names it: a column with its id, a column with its
    name, the key before its number, or the address of the task."""
    project_names: tuple[str, ...] = ()
    """Columns of names that tell one project for the whole file, where its rows tell none."""
    created_from: Literal["column", "card id"] = "column"
    """Where the day of creation comes from: a column, or the time in Trello's id of a card."""
    sprint_from: Literal["name", "names", "path"] = "name"
    """Content of a cell of the sprint column: a name, names separated by commas, or a path whose
    last part is the name and whose root alone is no sprint."""
    sprint_word: str = ""
    """Word before the name of a sprint that is only a number; "" leaves the number as it is."""
    parent_from: Literal["id", "title"] = "id"
    """Content of the parent column: an id, or the title of the parent."""
    status_is_place: bool = False
    """True when the status column holds places on a board, which done tasks need not leave."""
    child_types: tuple[str, ...] | None = ()
    """Types that are parts when their row names a parent; None: every type is."""
    reopened_keeps_finish: bool = False
    """True when a task that was opened again keeps its finish day: an open status counts then."""
    lacks: tuple[Lack, ...] = ()
    """Facts that this export does not hold, or not unless it was chosen with their columns."""
    stand_ins: Mapping[str, str] = field(default_factory=dict[str, str])
    """Field whose column can stand in for one that the export lacks, by the field it lacks."""
    export: str = ""
    """How a person makes this export, in one or two sentences."""
    seen: Literal["real", "assumed"] = "assumed"
    """`real`: read off a real export or a program that reads them; `assumed`: neither was seen."""

    @property
    def tracker(self) -> str:
        """Name of the tracker for people, such as `Jira Cloud`."""
        return self.name.partition(",")[0]
