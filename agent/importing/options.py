"""Options of an import that hold for all its rows, and are saved for the next one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from agent.importing.meaning.statuses import State

DEFAULT_REFUSAL_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Statements of a person about the rows; everything else is recognised."""

    mapping: Mapping[str, str] = field(default_factory=dict[str, str])
    """Columns by field."""
    statuses: Mapping[str, State] = field(default_factory=dict[str, State])
    """Meaning of statuses by their names, in any spelling."""
    types: tuple[str, ...] = ()
    """Types that are planned and counted; empty: all but containers and parts."""
    prefix: str = ""
    """Text before every value of the project column."""
    project: str | None = None
    """Project id of every row; None when the rows tell it."""
    date_format: str | None = None
    """Name of the format of every date; None detects it."""
    sheet: str | None = None
    """Sheet of a workbook; None is the first that has a header."""
    encoding: str | None = None
    """Codec of a text; None detects it."""
    refusal_share: float = DEFAULT_REFUSAL_SHARE
    """Largest share of refused rows, from 0 to 1, with which an import still begins."""

    def to_json(self) -> dict[str, Any]:
        """Return the options as JSON types."""
        return asdict(self) | {"types": list(self.types)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "ImportOptions":
        """Build the options that `to_json` gave; options of a later release are left out.

        Raises: `ValueError` for a state that is none.
        """
        known = {option.name for option in fields(cls)}
        values = {name: value for name, value in document.items() if name in known}
        if "statuses" in values:
            values["statuses"] = {name: State(state) for name, state in values["statuses"].items()}
        if "types" in values:
            values["types"] = tuple(values["types"])
        return cls(**values)
