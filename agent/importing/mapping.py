"""Which column feeds which field: as asked, otherwise by the names exports use."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agent.importing.errors import CsvRefused
from agent.importing.fields import FIELD_NAMES, FIELDS

_SEPARATORS = re.compile(r"[\s_-]+")
# A column's name may hold a comma itself, so only one that is followed by `word=` separates.
_NEXT_PAIR = re.compile(r",(?=\s*\w+\s*=)")


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """One field's source: every position of the header's name; `asked` is False when detected."""

    field: str
    header: str
    positions: tuple[int, ...]
    asked: bool


def parse_mapping(texts: Iterable[str]) -> dict[str, str]:
    """`field=column,field=column` (repeatable) as a dict.

    Raises CsvRefused for a part of another form, an unknown field, or a field named twice.
    """
    asked: dict[str, str] = {}
    for part in (part for text in texts for part in _NEXT_PAIR.split(text)):
        field, separator, column = (piece.strip() for piece in part.partition("="))
        if not separator or not column:
            raise CsvRefused(f"Mapping {part.strip()!r} is not of the form field=column.")
        check_field(field)
        if field in asked:
            raise CsvRefused(f"Field {field!r} is mapped twice: {asked[field]!r} and {column!r}.")
        asked[field] = column
    return asked


def check_field(field: str) -> None:
    """Raises CsvRefused, listing the fields, when there is no such field."""
    if field not in FIELD_NAMES:
        raise CsvRefused(f"Unknown field {field!r}; the fields are {', '.join(FIELD_NAMES)}.")


def map_columns(header: tuple[str, ...], asked: Mapping[str, str]) -> tuple[MappedColumn, ...]:
    """The columns in the order of FIELDS: those asked for, the others where a known name stands.

    Raises CsvRefused for an unknown field or column, listing what is possible.
    """
    for field in asked:
        check_field(field)
    positions: dict[str, list[int]] = {}
    for position, name in enumerate(header):
        positions.setdefault(name, []).append(position)
    columns: list[MappedColumn] = []
    for field in FIELDS:
        wanted = asked.get(field.name)
        name = _detect(positions, field.headers) if wanted is None else _find(positions, wanted)
        if name is not None:
            columns.append(
                MappedColumn(field.name, name, tuple(positions[name]), wanted is not None)
            )
    return tuple(columns)


def _find(names: Iterable[str], wanted: str) -> str:
    names = [name for name in names if name]
    if wanted in names:
        return wanted
    alike = [name for name in names if name.casefold() == wanted.casefold()]
    if len(alike) == 1:
        return alike[0]
    raise CsvRefused(f"No column {wanted!r} in the file; its columns are {', '.join(names)}.")


def _detect(names: Iterable[str], known: tuple[str, ...]) -> str | None:
    normalised = {
        _SEPARATORS.sub(" ", name).strip().casefold(): name for name in reversed([*names])
    }
    return next((normalised[name] for name in known if name in normalised), None)
