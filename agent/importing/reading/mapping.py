"""Mapping of columns to fields: by the caller's choice, otherwise by the names exports use."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.importing.errors import CsvRefused
from agent.importing.meaning.cell_text import cell_text
from agent.importing.nearest import did_you_mean
from agent.importing.profiles.catalogue import ANY_TABLE
from agent.importing.profiles.names import normalised
from agent.importing.profiles.profile import Profile
from agent.importing.reading.fields import ALTERNATIVE_FIELDS, COMMON_HEADERS, FIELD_NAMES
from domain_services.kernel.words import listed

_SHOWN_COLUMNS = 60
# A column's name may hold a comma itself, so only one that is followed by `word=` separates.
_NEXT_PAIR = re.compile(r",(?=\s*\w+\s*=)")


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """The column, or columns, that feed a field."""

    field: str
    """Name of the field."""
    header: str
    """Name of the column as the file writes it; of several names the first."""
    positions: tuple[int, ...]
    """Positions in the header, from 0, the preferred first: exports may repeat a column."""
    explicit: bool
    """True when the caller mapped it, False when it was detected by its name."""
    headers: tuple[str, ...] = ()
    """Name of the column at each position; empty: all are called `header`."""

    def first_value(self, cells: Sequence[str]) -> str:
        """Return the text of the first cell of the column that has any; "" when all are empty."""
        for position in self.positions:
            # Most of these cells are empty, in row after row.
            if (cell := cells[position]) and (text := cell_text(cell)):
                return text
        return ""

    def name_at(self, place: int) -> str:
        """Return the name of the column at a place of `positions`."""
        return self.headers[place] if self.headers else self.header

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, each once, the preferred first."""
        return tuple(dict.fromkeys(self.headers)) or (self.header,)


def parse_mapping(texts: Iterable[str]) -> dict[str, str]:
    """Parse texts of the form `field=column,field=column` into columns by field.

    Raises: `CsvRefused` for a part of another form, an unknown field, or a field named twice.
    """
    mapping: dict[str, str] = {}
    for part in (part for text in texts for part in _NEXT_PAIR.split(text)):
        field, separator, column = (piece.strip() for piece in part.partition("="))
        if not separator or not field or not column:
            raise CsvRefused(
                f"Mapping {part.strip()!r} is not of the form field=column, such as id=Key."
            )
        check_field(field)
        if field in mapping:
            raise CsvRefused(
                f"Field {field!r} is mapped twice: {mapping[field]!r} and {column!r}. Keep one; "
                "columns of known names are tried in turn without --map."
            )
        mapping[field] = column
    return mapping


def check_field(field: str) -> None:
    """Check that a field exists. Raises: `CsvRefused`, with the list of fields."""
    if field not in FIELD_NAMES:
        raise CsvRefused(
            f"Unknown field {field!r}.{did_you_mean(field, FIELD_NAMES)} "
            f"The fields are {', '.join(FIELD_NAMES)}."
        )


def map_columns(
    header: tuple[str, ...], mapping: Mapping[str, str], profile: Profile = ANY_TABLE
) -> tuple[MappedColumn, ...]:
    """Map columns to fields, in the order of the fields; `mapping` goes before known names.

    The profile's names go before those of any table. Raises: `CsvRefused` for an unknown field or
    column, with the list of what is possible.
    """
    for field in mapping:
        check_field(field)
    positions: dict[str, list[int]] = {}
    for position, name in enumerate(header):
        positions.setdefault(name, []).append(position)
    columns: list[MappedColumn] = []
    for field in FIELD_NAMES:
        if (column := mapping.get(field)) is not None:
            name = _find(positions, column)
            columns.append(MappedColumn(field, name, tuple(positions[name]), True))
        elif names := _detect(positions, field, profile):
            if field not in ALTERNATIVE_FIELDS:
                names = names[:1]
            headers = tuple(name for name in names for _ in positions[name])
            columns.append(
                MappedColumn(
                    field=field,
                    header=names[0],
                    positions=tuple(place for name in names for place in positions[name]),
                    explicit=False,
                    headers=headers,
                )
            )
    return tuple(columns)


def _find(names: Iterable[str], column: str) -> str:
    names = [name for name in names if name]
    if column in names:
        return column
    alike = [name for name in names if name.casefold() == column.casefold()]
    if len(alike) == 1:
        return alike[0]
    raise CsvRefused(
        f"No column {column!r} in the file.{did_you_mean(column, names)} "
        f"Its columns are {listed(names, _SHOWN_COLUMNS)}."
    )


def _detect(names: Iterable[str], field: str, profile: Profile) -> list[str]:
    """Return the columns whose names mean a field, the most telling first; empty without any."""
    # Reversed, so that the leftmost of two names that mean the same wins.
    written = {normalised(name): name for name in reversed([*names])}
    written.pop("", None)
    known = [profile.columns.get(field, ())]
    # "Project" is a goal or a folder in trackers whose tasks tell their project otherwise.
    if field != "project" or profile.project_from == "column":
        known.append(COMMON_HEADERS[field])
    for candidates in known:
        if columns := [written[name] for name in candidates if name in written]:
            return columns
    return []
