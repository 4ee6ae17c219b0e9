"""Recognition of the files of one import."""

from collections.abc import Sequence
from pathlib import Path

from agent.importing.options import ImportOptions
from agent.importing.profiles.telling import is_header
from agent.importing.reading.progress import Progress
from agent.importing.reading.recognition import Recognition, recognise_all
from agent.importing.tables.table import read_table


def recognise_files(
    paths: Sequence[Path], options: ImportOptions, progress: Progress | None = None
) -> tuple[Recognition, ...]:
    """Recognise every file by itself; `progress` is called every thousand rows.

    Raises: `CsvRefused`.
    """
    return recognise_all(
        [
            read_table(path, is_header, sheet=options.sheet, encoding=options.encoding)
            for path in paths
        ],
        options,
        progress=progress,
    )
