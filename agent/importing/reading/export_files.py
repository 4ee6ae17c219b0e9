"""Files of one import, each opened once however often its rows are recognised."""

from collections.abc import Sequence
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


class ExportFiles:
    """Files, and their tables as they were opened last."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._opened: tuple[str | None, str | None] | None = None
        self._tables: list[Table | SourceRows] = []
        self._refusal: CsvRefused | None = None

    def recognise(
        self, options: ImportOptions, progress: Progress | None = None
    ) -> tuple[Recognition, ...]:
        """Recognise every file by itself; `progress` is called every thousand rows.

        Raises: `CsvRefused`.
        """
        return recognise_all(self._open(options), options, progress=progress)

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
