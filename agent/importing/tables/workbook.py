"""Open the sheet of a workbook (.xlsx) as rows below a header."""

import csv
import re
import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from io import StringIO
from itertools import chain, islice
from zipfile import ZipFile

from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from agent.importing.errors import CsvRefused
from agent.importing.nearest import did_you_mean
from agent.importing.notices import Notice
from agent.importing.tables.delimited_text import BrokenRecord, DelimitedText
from agent.importing.tables.header import HEADER_LINES, IsHeader, choose_header, is_known
from agent.importing.tables.raw_table import RawTable
from agent.importing.tables.record import Record
from agent.importing.tables.sheet_cells import text_of
from agent.importing.tables.source import Source
from agent.importing.tables.spool import Spool
from agent.importing.tables.structure import survey

MAX_COLUMNS = 2_000
# A sheet may be formatted to its last row, the 1,048,576th, and hold nothing there.
MAX_BLANK_ROWS = 10_000
_SPOOLED_ROWS = 1_000
_CHUNK_BYTES = 1 << 20
# A formula whose cell ends without a value; an empty text is a value.
_UNKNOWN_RESULT = re.compile(
    rb"<c\b(?![^>]*\bt=\"str\")[^>]*>\s*<f\b(?:[^>]*/>|[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>"
)
_LONGEST_FORMULA = 1 << 14


@dataclass(frozen=True, slots=True)
class SheetRows:
    """Rows of a sheet, the header first, that were kept when the workbook was read."""

    text: DelimitedText
    """Each row behind its number."""

    def records(self) -> Generator[Record, None, None]:
        """Stream every row that is not blank. Raises: `BrokenRecord`."""
        for record in self.text.records():
            number, *cells = record.cells
            yield Record(int(number), cells)


def open_workbook_table(source: Source, is_header: IsHeader | None, sheet: str | None) -> RawTable:
    """Choose a sheet and its header, and read it once. Raises: `CsvRefused`.

    It is the sheet of the name given, else the first with a header for which `is_header` holds,
    else the first that names two columns. Formulas count by the results that the file keeps.
    """
    with _opened(source) as workbook:
        sheets = [item for item in workbook.worksheets if sheet is None or item.title == sheet]
        if not sheets:
            known = [item.title for item in workbook.worksheets]
            titles = ", ".join(map(repr, known))
            raise CsvRefused(
                f"{source.name} has no sheet {sheet!r}: its sheets are {titles or 'none'}."
                f"{did_you_mean(sheet or '', known)}"
            )
        chosen, header = _choose(source, sheets, is_header)
        above, rows = _keep(source, chosen, header)
        others = [item.title for item in workbook.worksheets if item is not chosen]
    try:
        with closing(rows.records()) as records:
            next(records)
            names = [cell.strip() for cell in header.cells]
            structure = survey(records, names, source.name)
    except BrokenRecord as broken:
        raise broken.refused(source.name) from broken
    return RawTable(
        rows=rows,
        delimiter="",
        kind=f"sheet {chosen.title!r} of a workbook",
        header=header,
        above=above,
        structure=structure,
        cut=None,
        notices=tuple(_notices(source, chosen.title, [] if sheet else others)),
    )


@contextmanager
def _opened(source: Source) -> Iterator[Workbook]:
    """Open a workbook; whatever goes wrong with it is the file's fault."""
    with source.open() as stream, warnings.catch_warnings():
        # openpyxl warns of styles and checks that it leaves out; they are nothing of a table.
        warnings.simplefilter("ignore")
        try:
            workbook = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            with closing(workbook):
                yield workbook
        except (CsvRefused, OSError):
            raise
        except Exception as error:  # its readers raise whatever the content leads them to
            raise CsvRefused(
                f"{source.name} is a workbook that is damaged or of an unknown form ({error}): "
                "save it again in a spreadsheet program, or its sheet as CSV, and import that."
            ) from error


def _choose(
    source: Source, sheets: Sequence[ReadOnlyWorksheet], is_header: IsHeader | None
) -> tuple[ReadOnlyWorksheet, Record]:
    headers: list[tuple[ReadOnlyWorksheet, Record]] = []
    for sheet in sheets:
        first = [record for record in islice(_rows(sheet), HEADER_LINES) if any(record.cells)]
        if (header := choose_header(first, is_header)) and len(header.cells) > 1:
            headers.append((sheet, header))
    for sheet, header in headers:
        if is_known(header.cells, is_header):
            return sheet, header
    if not headers:
        where = "no sheet" if len(sheets) > 1 else f"the sheet {sheets[0].title!r} not"
        raise CsvRefused(
            f"{source.name} is a workbook, but {where} names columns in its first "
            f"{HEADER_LINES} rows. Export the tasks as a table, one row a task."
        )
    return headers[0]


def _rows(sheet: ReadOnlyWorksheet) -> Iterator[Record]:
    """Stream rows, blank ones too, until so many are blank that nothing follows."""
    # The size that is written in a sheet may be wrong, or its largest.
    sheet.reset_dimensions()
    blank = 0
    for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
        cells = [text_of(value) for value in values]
        while cells and not cells[-1].strip():
            cells.pop()
        blank = 0 if cells else blank + 1
        if blank > MAX_BLANK_ROWS:
            return
        if len(cells) > MAX_COLUMNS:
            raise CsvRefused(
                f"Row {number} of the sheet {sheet.title!r} has {len(cells):,} cells, at most "
                f"{MAX_COLUMNS:,} are read. Check that it is a table of tasks."
            )
        yield Record(number, cells)


def _keep(source: Source, sheet: ReadOnlyWorksheet, header: Record) -> tuple[list[str], SheetRows]:
    """Return the rows above the header as texts, and the others in a temporary file."""
    above: list[str] = []
    rows = iter(_rows(sheet))
    for record in rows:
        if record.row == header.row:
            rows = chain([record], rows)
            break
        above.append(" ".join(cell for cell in record.cells if cell))
    spool = Spool()
    while batch := list(islice(rows, _SPOOLED_ROWS)):
        lines = StringIO()
        csv.writer(lines).writerows([record.row, *record.cells] for record in batch if record.cells)
        spool.write([lines.getvalue().encode("utf-8", "replace")])
    return above, SheetRows(DelimitedText(Source(source.name, spool.open), "utf-8", ","))


def _notices(source: Source, title: str, others: Sequence[str]) -> Iterator[Notice]:
    if others:
        names = ", ".join(repr(name) for name in others)
        yield Notice(
            f"Only the sheet {title!r} of the workbook is read, not {names}: "
            "another is named with --sheet."
        )
    if unknown := _unknown_results(source):
        yield Notice(
            f"The workbook keeps no result of {unknown} of its formulas, which are read as empty: "
            "open it in a spreadsheet program, save it and import it again.",
            "warning",
        )


def _unknown_results(source: Source) -> int:
    """Count the formulas of all sheets whose results the file does not keep."""
    count = 0
    with source.open() as stream, ZipFile(stream) as archive:
        for name in archive.namelist():
            if not name.startswith("xl/worksheets/sheet"):
                continue
            with archive.open(name) as sheet:
                rest = b""
                while chunk := sheet.read(_CHUNK_BYTES):
                    text = rest + chunk
                    end = 0
                    if b"<f" in text:
                        for match in _UNKNOWN_RESULT.finditer(text):
                            count, end = count + 1, match.end()
                    rest = text[max(end, len(text) - _LONGEST_FORMULA) :]
    return count
