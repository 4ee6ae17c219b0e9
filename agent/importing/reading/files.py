"""Recognition of the files of one import, each by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.importing.reading.recognition import Recognition, recognise
from agent.importing.tables.table import read_table


@dataclass(frozen=True, slots=True)
class FileOptions:
    """Options that hold for every file of an import."""

    mapping: Mapping[str, str]
    """Columns by field."""
    prefix: str = ""
    """Text before every value of the project column."""
    project: str | None = None
    """Project id of every row; None when the project column has it."""
    date_format: str | None = None
    """Name of the format of every date; None detects it."""


def recognise_files(paths: Sequence[Path], options: FileOptions) -> tuple[Recognition, ...]:
    """Recognise every file by itself. Raises: `CsvRefused`."""
    return tuple(
        recognise(
            read_table(path),
            options.mapping,
            prefix=options.prefix,
            project=options.project,
            format_name=options.date_format,
        )
        for path in paths
    )
