"""First pass over a file: a sample value of each column, and the format of each date column."""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.importing.dates.formats import (
    DAY_FIRST,
    MONTH_FIRST,
    DateFormat,
    DetectedDates,
    FormatTally,
)
from agent.importing.reading.fields import DATE_FIELDS
from agent.importing.reading.mapping import MappedColumn
from agent.importing.tables.table import Table


@dataclass(frozen=True, slots=True)
class ColumnSamples:
    """Findings of the first pass, by the name of the field that a column feeds."""

    first_values: Mapping[str, str]
    """First non-empty value; a field without any value is absent."""
    dates: Mapping[str, DetectedDates]
    """Detected format and range of each date field that has a column."""


def sample_columns(
    table: Table, columns: Mapping[str, MappedColumn], forced: DateFormat | None
) -> ColumnSamples:
    """Read the table once and sample its mapped columns; a row with a fault is left out.

    `forced` is the only date format that is tried; None tries all of them.
    """
    tallies = {
        field: FormatTally((forced,)) if forced else FormatTally()
        for field in DATE_FIELDS
        if field in columns
    }
    first_values: dict[str, str] = {}
    for record in table.records():
        # The second pass refuses such a row; its last cell may be cut.
        if record.fault:
            continue
        if len(first_values) < len(columns):
            for field, column in columns.items():
                if field not in first_values and (value := column.first_value(record.cells)):
                    first_values[field] = value
        for field, tally in tallies.items():
            if value := columns[field].first_value(record.cells):
                tally.add(value)
    return ColumnSamples(first_values, {field: tally.detect() for field, tally in tallies.items()})


def choose_formats(
    dates: Mapping[str, DetectedDates],
    columns: Mapping[str, MappedColumn],
    forced: DateFormat | None,
) -> tuple[dict[str, DateFormat | None], list[str]]:
    """Choose the format of each date field; add a warning for each that is not certain."""
    if forced:
        return dict.fromkeys(dates, forced), []
    # One export writes all its dates alike, so a conclusive column decides for an ambiguous one.
    conclusive = {
        detected.format
        for detected in dates.values()
        if detected.format in (DAY_FIRST, MONTH_FIRST) and detected.conclusive
    }
    formats: dict[str, DateFormat | None] = {}
    warnings: list[str] = []
    for field, detected in dates.items():
        formats[field] = detected.format
        if not detected.ambiguous:
            continue
        header = columns[field].header
        if len(conclusive) == 1:
            formats[field] = other = next(iter(conclusive))
            assert other is not None
            warnings.append(
                f"{header!r} could be d/m/Y or m/d/Y: "
                f"read as {other.name}, as the other date column."
            )
        else:
            warnings.append(
                f"{header!r} is ambiguous: as many of its values read as d/m/Y as m/d/Y. "
                "Read as d/m/Y; use --date-format m/d/Y if that is wrong."
            )
    return formats, warnings
