"""Files of one import, each opened once however often its rows are recognised."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from agent.importing.errors import CsvRefused
from agent.importing.options import ImportOptions
from agent.importing.reading.files import open_files
from agent.importing.reading.progress import Progress
from agent.importing.reading.recognition import Recognition, recognise_all
from agent.importing.reading.source_rows import SourceRows
from agent.importing.saved_options import hash_headers
from agent.importing.tables.table import Table

# Path that stands for standard input, which can be read only once.
DASH = Path("-")
# Options by which a file is opened.
OPENING = ("sheet", "encoding")


# Completes what a tracker told, by the options about its rows.
Complete = Callable[[SourceRows, ImportOptions], SourceRows]


class ExportFiles:
    """Files, and their tables as they were opened last."""

    def __init__(self, paths: Sequence[Path], complete: Complete | None = None) -> None:
        """Open nothing yet; `complete` is asked about what a tracker told."""
        self._paths = paths
        self._complete = complete
        self._opened: tuple[str | None, str | None] | None = None
        self._tables: list[Table | SourceRows] = []
        self._refusal: CsvRefused | None = None

    def recognise(
        self, options: ImportOptions, progress: Progress | None = None
    ) -> tuple[Recognition, ...]:
        """Recognise every file by itself; `progress` is called every thousand rows.

        Raises: `CsvRefused`.
        """
        sources = [self._completed(one, options) for one in self._open(options)]
        return recognise_all(sources, options, progress=progress)

    def _completed(self, source: Table | SourceRows, options: ImportOptions) -> Table | SourceRows:
        if isinstance(source, Table) or self._complete is None:
            return source
        return self._complete(source, options)

    def are_of_trackers(self, options: ImportOptions) -> bool:
        """Tell whether every file holds what a tracker's API told; False for one not opened."""
        with suppress(CsvRefused):
            return all(isinstance(one, SourceRows) for one in self._open(options))
        return False

    def headers(self, options: ImportOptions) -> str:
        """Hash the columns; "" when these options cannot open the files."""
        with suppress(CsvRefused):
            # Rows of a tracker have no columns of their own.
            headers = [one.header for one in self._open(options) if isinstance(one, Table)]
            return hash_headers(headers) if headers else ""
        return ""

    @property
    def fixed(self) -> tuple[str, ...]:
        """Options that the last import cannot give."""
        return OPENING if DASH in self._paths else ()

    def _open(self, options: ImportOptions) -> list[Table | SourceRows]:
        opening = (options.sheet, options.encoding)
        if self._opened != opening:
            self._opened, self._tables, self._refusal = opening, [], None
            try:
                self._tables = list(open_files(self._paths, options))
            except CsvRefused as refusal:
                # Standard input has nothing left for a second try.
                self._refusal = refusal
        if self._refusal is not None:
            raise self._refusal
        return self._tables
