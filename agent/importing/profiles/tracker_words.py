"""Words of a tracker in one language, from which its profile in that language is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.importing.meaning.statuses import State
from agent.importing.tasks import Kind


@dataclass(frozen=True, slots=True)
class Words:
    """Names that a tracker uses in one language, normalised."""

    language: str
    """Language (CLDR), such as `de`."""
    label: str
    """Name of the language for people, such as `German`."""
    telling: tuple[str, ...]
    """Columns that together tell the export in this language."""
    columns: Mapping[str, tuple[str, ...]]
    """Names of columns by field."""
    to_do: tuple[str, ...] = ()
    """Statuses of tasks that are not begun."""
    doing: tuple[str, ...] = ()
    """Statuses of tasks in work."""
    resolved: tuple[str, ...] = ()
    """Statuses of tasks that wait, after the work, until they are closed."""
    done: tuple[str, ...] = ()
    """Statuses of completed tasks."""
    dropped: tuple[str, ...] = ()
    """Statuses of tasks that were closed without work."""
    one_of: tuple[tuple[str, ...], ...] = ()
    """Groups of columns, of each of which one must be there too."""
    priorities: Mapping[str, int | None] = field(default_factory=dict[str, int | None])
    """Priorities, 1 is the highest."""
    types: Mapping[str, Kind] = field(default_factory=dict[str, Kind])
    """Types that are no work of their own."""

    @property
    def statuses(self) -> dict[str, State]:
        """Meaning of each status."""
        return {
            **dict.fromkeys(self.to_do, State.TO_DO),
            **dict.fromkeys((*self.doing, *self.resolved), State.DOING),
            **dict.fromkeys(self.done, State.DONE),
            **dict.fromkeys(self.dropped, State.DROPPED),
        }
