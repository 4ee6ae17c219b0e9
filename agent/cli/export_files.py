"""Files of one import, each opened once however often its rows are recognised."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from agent.importing.errors import CsvRefused
from agent.importing.options import ImportOptions
from agent.importing.profiles.telling import is_header
from agent.importing.reading.recognition import Recognition, recognise_all
from agent.importing.saved_options import hash_headers
from agent.importing.tables.table import Table, read_table

# Path that stands for standard input, which can be read only once.
DASH = Path("-")
# Options by which a file is opened.
OPENING = ("sheet", "encoding")


class ExportFiles:
    """Files, and their tables as they were opened last."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._opened: tuple[str | None, str | None] | None = None
        self._tables: list[Table] = []
        self._refusal: CsvRefused | None = None

    def recognise(self, options: ImportOptions) -> tuple[Recognition, ...]:
        """Recognise every file by itself. Raises: `CsvRefused`."""
        return recognise_all(self._open(options), options)

    def headers(self, options: ImportOptions) -> str:
        """Hash the columns; "" when these options cannot open the files."""
        with suppress(CsvRefused):
            return hash_headers(table.header for table in self._open(options))
        return ""

    @property
    def fixed(self) -> tuple[str, ...]:
        """Options that the last import cannot give."""
        return OPENING if DASH in self._paths else ()

    def _open(self, options: ImportOptions) -> list[Table]:
        opening = (options.sheet, options.encoding)
        if self._opened != opening:
            self._opened, self._tables, self._refusal = opening, [], None
            try:
                self._tables = [
                    read_table(path, is_header, sheet=options.sheet, encoding=options.encoding)
                    for path in self._paths
                ]
            except CsvRefused as refusal:
                # Standard input has nothing left for a second try.
                self._refusal = refusal
        if self._refusal is not None:
            raise self._refusal
        return self._tables
