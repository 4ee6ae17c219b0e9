"""The first pass over a file: a sample of each column, and the format of each date column."""

from collections.abc import Mapping

from agent.importing.dates import DAY_FIRST, MONTH_FIRST, DateFormat, Detected, Tally
from agent.importing.fields import DATE_FIELDS
from agent.importing.mapping import MappedColumn
from agent.importing.table import Table
from agent.importing.tasks import first_value


def survey(
    table: Table, columns: Mapping[str, MappedColumn], forced: DateFormat | None
) -> tuple[dict[str, str], dict[str, Detected]]:
    """The first value of each mapped field, and what the values of each date field are.

    `forced` is the only format tried when it is given; rows that are too short are left out.
    """
    tallies = {
        field: Tally((forced,)) if forced else Tally() for field in DATE_FIELDS if field in columns
    }
    samples: dict[str, str] = {}
    width = len(table.header)
    for record in table.records():
        if len(record.cells) < width:
            continue
        if len(samples) < len(columns):
            for field, column in columns.items():
                if field not in samples and (value := first_value(record.cells, column)):
                    samples[field] = value
        for field, tally in tallies.items():
            if value := first_value(record.cells, columns[field]):
                tally.add(value)
    detected = {field: tally.verdict() for field, tally in tallies.items()}
    return samples, detected


def settle(
    detected: Mapping[str, Detected], columns: Mapping[str, MappedColumn]
) -> tuple[dict[str, DateFormat | None], list[str]]:
    """The format to read each date field in, and a warning for each that was not certain."""
    # One export writes all its dates alike, so a column that is decided speaks for one that is not.
    decided = {
        found.format
        for found in detected.values()
        if found.format in (DAY_FIRST, MONTH_FIRST) and found.settled
    }
    formats: dict[str, DateFormat | None] = {}
    warnings: list[str] = []
    for field, found in detected.items():
        formats[field] = found.format
        if not found.ambiguous:
            continue
        header = columns[field].header
        if len(decided) == 1:
            formats[field] = known = next(iter(decided))
            assert known is not None
            warnings.append(
                f"{header!r} could be d/m/Y or m/d/Y: "
                f"read as {known.name}, as the other date column."
            )
        else:
            warnings.append(
                f"{header!r} is ambiguous: as many of its values read as d/m/Y as m/d/Y. "
                "Read as d/m/Y; use --date-format m/d/Y if that is wrong."
            )
    return formats, warnings
