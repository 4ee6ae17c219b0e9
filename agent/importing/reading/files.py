"""Recognition of the files of one import, each by itself."""

from collections.abc import Sequence
from pathlib import Path

from agent.importing.options import ImportOptions
from agent.importing.reading.recognition import Recognition, recognise
from agent.importing.tables.table import read_table


def recognise_files(paths: Sequence[Path], options: ImportOptions) -> tuple[Recognition, ...]:
    """Recognise every file by itself. Raises: `CsvRefused`."""
    return tuple(
        recognise(
            read_table(path, sheet=options.sheet),
            options.mapping,
            prefix=options.prefix,
            project=options.project,
            format_name=options.date_format,
        )
        for path in paths
    )
