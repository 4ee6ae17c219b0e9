"""File as a header and a stream of records, without any interpretation of cells."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agent.importing.errors import CsvRefused
from agent.importing.notices import Notice
from agent.importing.tables.file_kinds import check_place, tell_kind
from agent.importing.tables.header import IsHeader
from agent.importing.tables.raw_table import RawTable
from agent.importing.tables.record import Record
from agent.importing.tables.source import Source, file_source, standard_input
from agent.importing.tables.spreadsheet_cells import is_of_refused_rows, original
from agent.importing.tables.text_table import open_text_table

_SHOWN_CHARACTERS = 60
_DASH = Path("-")
# Files beside standard input are named after this.
STANDARD_INPUT = Path("standard-input")
_CUT = "is cut: the file ends within this row"


@dataclass(frozen=True, slots=True)
class Table:
    """A readable file; its records are read on demand."""

    path: Path
    """Path of the file; of standard input a name that no file has to have."""
    delimiter: str
    """Character between cells; "" for a workbook."""
    header: tuple[str, ...]
    """Names of the columns, stripped; names may repeat, and may be empty."""
    kind: str
    """Kind of the file for people, such as `tab-separated, UTF-16`."""
    header_line: int
    """Physical line on which the header starts, from 1; in a workbook, the row's number."""
    skipped: tuple[str, ...]
    """Lines above the header that are not blank, shortened."""
    cut: int | None
    """Row within which the file ends; it must be refused. None when the file is whole."""
    notices: tuple[Notice, ...]
    """Sentences about how the file was read."""
    rows: RawTable
    """Records as the file holds them."""

    @property
    def row_count(self) -> int:
        """Number of the records."""
        return self.rows.structure.rows

    def records(self) -> Iterator[Record]:
        """Stream every record below the header; each call reads the file anew.

        Blank records, summary lines below the table and repeated headers are left out. Missing
        cells at the end of a record are "".
        """
        width = len(self.header)
        structure = self.rows.structure
        guarded = is_of_refused_rows(self.header)
        end = structure.footer[0].row if structure.footer else None
        records = self.rows.rows.records()
        next(records, None)
        for record in records:
            if record.row == end:
                return
            if record.row in structure.repeated:
                continue
            cells = record.cells
            if len(cells) < width:
                cells.extend([""] * (width - len(cells)))
            if guarded:
                cells[:] = [original(cell) for cell in cells]
            yield Record(record.row, cells, _CUT) if record.row == self.cut else record


def read_table(
    path: Path,
    is_header: IsHeader | None = None,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
) -> Table:
    """Open a file of one row a task, and read it once to find what is wrong with it.

    `-` is standard input. The header is the first of the first 20 lines for which `is_header`
    holds, else the first that names two columns. A first line `sep=;` names the delimiter itself.
    `sheet` names the sheet of a workbook; None is the first that has a header. `encoding` names
    the encoding of a text; None detects it.
    Raises: `CsvRefused`, with the byte offset or the line where there is one, when the file cannot
    be read or is no table.
    """
    try:
        source = _source(path)
        rows = _open(source, is_header, sheet, encoding)
    except OSError as error:
        raise CsvRefused(
            f"{path} cannot be read: {error.strerror or error}; name a CSV file that can be."
        ) from error
    names = [name.strip() for name in rows.header.cells]
    if is_of_refused_rows(names):
        names = [original(name) for name in names]
    return Table(
        path=STANDARD_INPUT if path == _DASH else path,
        delimiter=rows.delimiter,
        header=tuple(names),
        kind=rows.kind,
        header_line=rows.header.row,
        skipped=tuple(
            text[:_SHOWN_CHARACTERS] for line in rows.above if (text := line.strip(" \t\r\n,;|"))
        ),
        cut=rows.cut,
        notices=(*rows.notices, *_notices(rows)),
        rows=rows,
    )


def _source(path: Path) -> Source:
    if path == _DASH:
        return standard_input()
    check_place(path)
    return file_source(path)


def _open(
    source: Source, is_header: IsHeader | None, sheet: str | None, encoding: str | None
) -> RawTable:
    if tell_kind(source) == "workbook":
        # Imported here, not above: the reader of workbooks takes longer to import than most texts
        # to read.
        from agent.importing.tables.workbook import open_workbook_table

        return open_workbook_table(source, is_header, sheet)
    if sheet is not None:
        raise CsvRefused(f"{source.name} is text and has no sheets: leave --sheet out.")
    return open_text_table(source, is_header, encoding)


def _notices(rows: RawTable) -> Iterator[Notice]:
    if rows.cut:
        yield Notice(
            f"The file ends within the row that starts on line {rows.cut}: the export or its copy "
            "was cut, and the rows that came after it are missing. Export it again; without them "
            "the import goes on, and a later import of the whole file adds them.",
            "warning",
        )
    structure = rows.structure
    if structure.footer:
        first, *_ = structure.footer
        text = " ".join(cell.strip() for cell in first.cells if cell.strip())
        count = len(structure.footer)
        lines = "last line sums" if count == 1 else f"last {count} lines sum"
        verb = "is" if count == 1 else "are"
        yield Notice(
            f"The {lines} up the table, from line {first.row} on "
            f"({text[:_SHOWN_CHARACTERS]!r}), and {verb} left out."
        )
    if structure.repeated:
        count = len(structure.repeated)
        yield Notice(
            f"The header is repeated on {count} {'line' if count == 1 else 'lines'} below, "
            f"first on line {min(structure.repeated)}: these are no tasks."
        )
