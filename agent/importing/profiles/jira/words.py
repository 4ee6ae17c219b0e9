"""Words of Jira in one language: names of its columns and of the values it comes with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from agent.importing.meaning.statuses import State
from agent.importing.tasks import Kind

Names = tuple[str, ...]
CLOUD = "Jira Cloud, all fields"
SERVER = "Jira Server, all fields"
CURRENT = "Jira, current fields"
FINISHED = "Jira, current fields with the finish"
SHEET = "Jira, sheet"


@dataclass(frozen=True, slots=True)
class JiraWords:
    """Words of Jira in one language, normalised; the most common one first."""

    language: str
    """Language of the months (CLDR)."""
    label: str
    """Name of the language for people."""
    custom_field: Names
    """Words before the bracket of a custom field."""
    columns: Mapping[str, Names]
    """Names of a column by its English name; a column that is not there keeps that one."""
    custom_columns: Mapping[str, Names] = field(default_factory=dict[str, Names])
    """Names of a custom field by its English name, where Jira translates it."""
    statuses: Mapping[str, State] = field(default_factory=dict[str, State])
    """Statuses that Jira comes with."""
    categories: Mapping[str, State] = field(default_factory=dict[str, State])
    """Status categories."""
    types: Mapping[str, Kind] = field(default_factory=dict[str, Kind])
    """Types that are no work of their own."""
    resolutions: Mapping[str, State] = field(default_factory=dict[str, State])
    """Resolutions."""
    priorities: Mapping[str, int | None] = field(default_factory=dict[str, int | None])
    """Priorities, 1 is the highest."""
    seen: Names = ()
    """Exports (see `shapes.SHAPES`) whose columns were read off a real one."""

    def names(self, column: str) -> Names:
        """Return the names of a column by its English name."""
        return self.columns.get(column, (column,))

    def known_names(self, column: str) -> Names:
        """Return the names of a column, and the English one: Jira leaves some untranslated."""
        return tuple(dict.fromkeys((*self.names(column), column)))

    def custom_names(self, column: str) -> Iterator[str]:
        """Yield the names of a custom field by its English name, with its bracket and without.

        A field that an administrator added keeps its English name in every language.
        """
        titles = dict.fromkeys((*self.custom_columns.get(column, ()), column))
        for title in titles:
            for prefix in dict.fromkeys((*self.custom_field, "custom field")):
                yield f"{prefix} ({title})"
                yield f"{prefix}({title})"
        yield from titles
