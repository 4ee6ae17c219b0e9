"""Words of Jira in one language: names of its columns and of the values it comes with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from agent.importing.meaning.statuses import State
from agent.importing.tasks import Kind

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JiraLanguage:
    """Words of Jira in one language, normalised; the most common one first."""

    language: str
    """Language of the months (CLDR)."""
    label: str
    """Name of the language for people."""
    custom_field: Names
    """Words before the bracket of a custom field."""
    columns: Mapping[str, Names]
    """Names of a column by its English name."""
    custom_columns: Mapping[str, Names] = field(default_factory=dict[str, Names])
    """Names of a custom field by its English name, where Jira translates it."""
    statuses: Mapping[str, State] = field(default_factory=dict[str, State])
    types: Mapping[str, Kind] = field(default_factory=dict[str, Kind])
    resolutions: Mapping[str, State] = field(default_factory=dict[str, State])
    priorities: Mapping[str, int | None] = field(default_factory=dict[str, int | None])
    seen: Literal["real", "documented"] = "documented"
    """`real` when the names were read off a real export."""
