"""CSV file as a header and a stream of records, without any interpretation of cells."""

import codecs
import csv
import re
import stat
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from agent.importing.errors import CsvRefused
from agent.importing.tables.spreadsheet_cells import is_of_refused_rows, original

DELIMITERS = (",", ";", "\t", "|")
MAX_FIELD_CHARACTERS = 1 << 20
_CHUNK_BYTES = 1 << 20
_MAX_DECLARATION = 100
# Excel takes such a first line for the delimiter of the lines below; the line is no record.
_DECLARED = re.compile(r"\"?sep=([^\w\s\"]|\t)\"?[\r\n]*", re.IGNORECASE)

# A setting of the whole process; the module's own 131,072 characters are fewer than trackers keep.
csv.field_size_limit(MAX_FIELD_CHARACTERS)


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the file."""

    row: int
    """Physical line on which it starts; the file's first line is 1."""
    cells: list[str]
    """Cells, unchanged; of a file of refused rows, as they were in the file that it is of."""


@dataclass(frozen=True, slots=True)
class Table:
    """A readable file; its records are read on demand."""

    path: Path
    """Path of the file."""
    delimiter: str
    """Character between cells."""
    header: tuple[str, ...]
    """Names of the columns, stripped; names may repeat."""

    def records(self) -> Iterator[Record]:
        """Stream every record below the header, blank ones skipped; each call reads the file anew.

        Raises: `CsvRefused` when the quoting is broken, as no later row could be trusted.
        """
        records = _records(self.path, self.delimiter)
        next(records, None)
        return map(_unguarded, records) if is_of_refused_rows(self.header) else records


def read_table(path: Path) -> Table:
    """Open a UTF-8 file (BOM or not) that is separated by comma, semicolon, tab or bar.

    A first line `sep=;` names the delimiter itself.
    Raises: `CsvRefused`, with the byte offset where there is one, when the file cannot be read, is
    not a regular file, is empty, is not UTF-8 or holds a NUL byte.
    """
    try:
        _check_kind(path)
        _check_bytes(path)
        declared = _declared_delimiter(path)
        candidates = DELIMITERS if declared is None else (declared,)
        headers = {delimiter: _header(path, delimiter) for delimiter in candidates}
    except OSError as error:
        raise CsvRefused(
            f"{path} cannot be read: {error.strerror or error}; name a CSV file that can be."
        ) from error
    # The right delimiter divides the header into the most columns.
    delimiter = max(candidates, key=lambda candidate: len(headers[candidate] or ()))
    header = headers[delimiter]
    if header is None:
        # Quoted in a way no delimiter explains: reading it again raises with the line.
        header = next(_records(path, delimiter)).cells
    if not header:
        raise CsvRefused(f"{path} is empty: the first line must name the columns.")
    names = [name.strip() for name in header]
    if is_of_refused_rows(names):
        names = [original(name) for name in names]
    return Table(path, delimiter, tuple(names))


def _unguarded(record: Record) -> Record:
    return Record(record.row, [original(cell) for cell in record.cells])


def _check_kind(path: Path) -> None:
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise CsvRefused(
            f"{path} is not a regular file, and the rows are read more than once: "
            "save what it delivers to a file and import that."
        )


def _declared_delimiter(path: Path) -> str | None:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        match = _DECLARED.fullmatch(stream.readline(_MAX_DECLARATION))
    return match[1] if match else None


def _check_bytes(path: Path) -> None:
    # Before the records: the text reader knows neither offset nor line of a bad byte.
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset, line = 0, 1
    with path.open("rb") as stream:
        while True:
            chunk = stream.read(_CHUNK_BYTES)
            pending = len(decoder.getstate()[0])
            fault, position = "", chunk.find(b"\0")
            if position >= 0:
                fault = "holds a NUL byte"
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                bad = error.start - pending
                if not fault or bad < position:
                    position = bad
                    fault = f"is not UTF-8 (byte 0x{error.object[error.start]:02x})"
            if fault:
                line += chunk.count(b"\n", 0, max(position, 0))
                raise CsvRefused(
                    f"{path} {fault} at offset {offset + position}, line {line}. "
                    "Save it as text in UTF-8 and import it again.",
                    offset=offset + position,
                )
            if not chunk:
                return
            offset += len(chunk)
            line += chunk.count(b"\n")


def _header(path: Path, delimiter: str) -> list[str] | None:
    with closing(_records(path, delimiter)) as records:
        try:
            first = next(records, None)
        except CsvRefused:
            return None
    return first.cells if first else []


def _records(path: Path, delimiter: str) -> Generator[Record, None, None]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        first = stream.readline(_MAX_DECLARATION)
        above = 1 if _DECLARED.fullmatch(first) else 0
        if not above:
            stream.seek(0)
        # Without strict, a quote that never closes would take the rest of the file as one cell.
        reader = csv.reader(stream, delimiter=delimiter, strict=True)
        start = above + 1
        try:
            for cells in reader:
                if any(map(str.strip, cells)):
                    yield Record(start, cells)
                start = above + reader.line_num + 1
        except csv.Error as error:
            if str(error).startswith("field larger"):
                raise CsvRefused(
                    f"{path}: the record that starts on line {start} has a field of more than "
                    f"{MAX_FIELD_CHARACTERS:,} characters, the most that is read. Shorten it, or "
                    "close the quote that makes one field of many lines.",
                    row=start,
                ) from error
            raise CsvRefused(
                f"{path}: the record that starts on line {start} is not well-formed CSV ({error}, "
                f"line {above + reader.line_num}). Close the quote or double it, and import again.",
                row=start,
            ) from error
