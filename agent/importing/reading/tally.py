"""Counts of what was read otherwise than it stands, for the sentences of a preview."""

from collections import Counter
from dataclasses import dataclass, field

_KEPT_EXAMPLES = 3


@dataclass(slots=True)
class Occurrences:
    """Rows of one kind, with the first ones as examples."""

    count: int = 0
    """Number of rows."""
    examples: list[str] = field(default_factory=list[str])
    """Texts of the first rows, at most three."""

    def add(self, example: str) -> None:
        """Count a row."""
        self.count += 1
        if len(self.examples) < _KEPT_EXAMPLES and example not in self.examples:
            self.examples.append(example)


@dataclass(slots=True)
class Tally:
    """Counts of one file."""

    corrected: int = 0
    """Tasks whose finish lay before their creation and was moved to it."""
    repeated: int = 0
    """Rows that repeat a task without a difference."""
    reopened: int = 0
    """Tasks that are open by their category, whatever their finish day says."""
    closed_by_day: int = 0
    """Tasks that are finished by their day, whatever the name of their status says."""
    finish_columns: Counter[str] = field(default_factory=Counter[str])
    """Finished tasks by the column that told the day."""
    columns: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    """Filled cells by the name of their column, for each field that several columns feed."""
    project_sources: Counter[str] = field(default_factory=Counter[str])
    """Tasks by the field that told the project: project, id or url."""
    several_projects: Occurrences = field(default_factory=Occurrences)
    """Rows that name several projects, of which the first counts."""
    unknown_resolutions: Counter[str] = field(default_factory=Counter[str])
    """Finished tasks by their resolution, which is not known."""
    resolved_open: Counter[str] = field(default_factory=Counter[str])
    """Open tasks by a resolution that says they are closed."""
    estimates: Occurrences = field(default_factory=Occurrences)
    """Estimates that could not be read."""
    named_statuses: set[str] = field(default_factory=set[str])
    """Statuses and resolutions of rows that the options name, as `plain_name` gives them."""
    are_times: bool = False
    """True when estimates are read as times."""
    read_estimates: int = 0
    """Estimates that were read."""
    shortened: dict[str, Occurrences] = field(default_factory=dict[str, Occurrences])
    """Texts that were shortened, by field."""
    differing: Occurrences = field(default_factory=Occurrences)
    """Ids that stand in several rows that differ."""
    days: dict[str, Occurrences] = field(default_factory=dict[str, Occurrences])
    """Days that could not be read and refuse no row, by field."""
