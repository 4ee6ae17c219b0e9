"""Mapping of columns to fields: by the caller's choice, otherwise by the names exports use."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agent.importing.errors import CsvRefused
from agent.importing.reading.fields import FIELD_NAMES, FIELDS

_SEPARATORS = re.compile(r"[\s_-]+")
# A column's name may hold a comma itself, so only one that is followed by `word=` separates.
_NEXT_PAIR = re.compile(r",(?=\s*\w+\s*=)")


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """The column, or columns of one name, that feed a field."""

    field: str
    """Name of the field."""
    header: str
    """Name of the column as the file writes it."""
    positions: tuple[int, ...]
    """Every position of that name in the header, from 0: exports may repeat a column."""
    explicit: bool
    """True when the caller mapped it, False when it was detected by its name."""

    def first_value(self, cells: list[str]) -> str:
        """Return the first non-empty cell of the column, stripped; "" when all are empty."""
        for position in self.positions:
            if text := cells[position].strip():
                return text
        return ""


def parse_mapping(texts: Iterable[str]) -> dict[str, str]:
    """Parse texts of the form `field=column,field=column` into columns by field.

    Raises: `CsvRefused` for a part of another form, an unknown field, or a field named twice.
    """
    mapping: dict[str, str] = {}
    for part in (part for text in texts for part in _NEXT_PAIR.split(text)):
        field, separator, column = (piece.strip() for piece in part.partition("="))
        if not separator or not column:
            raise CsvRefused(
                f"Mapping {part.strip()!r} is not of the form field=column, such as id=Key."
            )
        check_field(field)
        if field in mapping:
            raise CsvRefused(
                f"Field {field!r} is mapped twice: {mapping[field]!r} and {column!r}. Keep one."
            )
        mapping[field] = column
    return mapping


def check_field(field: str) -> None:
    """Check that a field exists. Raises: `CsvRefused`, with the list of fields."""
    if field not in FIELD_NAMES:
        raise CsvRefused(f"Unknown field {field!r}; the fields are {', '.join(FIELD_NAMES)}.")


def map_columns(header: tuple[str, ...], mapping: Mapping[str, str]) -> tuple[MappedColumn, ...]:
    """Map columns to fields, in the order of FIELDS; `mapping` goes before known names.

    Raises: `CsvRefused` for an unknown field or column, with the list of what is possible.
    """
    for field in mapping:
        check_field(field)
    positions: dict[str, list[int]] = {}
    for position, name in enumerate(header):
        positions.setdefault(name, []).append(position)
    columns: list[MappedColumn] = []
    for field in FIELDS:
        column = mapping.get(field.name)
        name = _detect(positions, field.headers) if column is None else _find(positions, column)
        if name is not None:
            columns.append(
                MappedColumn(field.name, name, tuple(positions[name]), column is not None)
            )
    return tuple(columns)


def _find(names: Iterable[str], column: str) -> str:
    names = [name for name in names if name]
    if column in names:
        return column
    alike = [name for name in names if name.casefold() == column.casefold()]
    if len(alike) == 1:
        return alike[0]
    raise CsvRefused(f"No column {column!r} in the file; its columns are {', '.join(names)}.")


def _detect(names: Iterable[str], headers: tuple[str, ...]) -> str | None:
    # Reversed, so that the leftmost of two names that mean the same wins.
    normalised = {
        _SEPARATORS.sub(" ", name).strip().casefold(): name for name in reversed([*names])
    }
    return next((normalised[name] for name in headers if name in normalised), None)
