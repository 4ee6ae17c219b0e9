"""Recognition of the files of one import."""

from collections.abc import Sequence
from pathlib import Path

from agent.importing.options import ImportOptions
from agent.importing.profiles.telling import is_header
from agent.importing.reading.progress import Progress
from agent.importing.reading.recognition import Recognition, recognise_all
from agent.importing.reading.source_rows import DOCUMENT_START, SourceRows
from agent.importing.tables.table import Table, read_table

_HEAD_BYTES = 100


def open_files(paths: Sequence[Path], options: ImportOptions) -> list[Table | SourceRows]:
    """Open every file: a table, or what a tracker told, by its content. Raises: `CsvRefused`."""
    return [_open(path, options) for path in paths]


def recognise_files(
    paths: Sequence[Path], options: ImportOptions, progress: Progress | None = None
) -> tuple[Recognition, ...]:
    """Recognise every file by itself; `progress` is called every thousand rows.

    Raises: `CsvRefused`.
    """
    return recognise_all(open_files(paths, options), options, progress=progress)


def _open(path: Path, options: ImportOptions) -> Table | SourceRows:
    if path.is_file():
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
        if head.startswith(DOCUMENT_START):
            # Imported here, not above: a table needs nothing of trackers.
            from agent.importing.sources.document import read_document

            return read_document(path)
    return read_table(path, is_header, sheet=options.sheet, encoding=options.encoding)
