"""A CSV file as a header and a stream of records; nothing is interpreted here."""

import codecs
import csv
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from agent.importing.errors import CsvRefused

DELIMITERS = (",", ";", "\t", "|")
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Record:
    """One record; `row` is the physical line it starts on, the file's first line being 1."""

    row: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A readable file: its header as written (names may repeat) and its records, read on demand."""

    path: Path
    delimiter: str
    header: tuple[str, ...]

    def records(self) -> Iterator[Record]:
        """Every record below the header, blank ones skipped, streamed from the file at each call.

        Raises CsvRefused when the quoting is broken: no later row could be trusted.
        """
        records = _records(self.path, self.delimiter)
        next(records, None)
        return records


def read_table(path: Path) -> Table:
    """The table in a UTF-8 file (BOM or not) separated by comma, semicolon, tab or bar.

    Raises CsvRefused, with the byte offset where there is one, when the file cannot be read, is
    empty, is not UTF-8 or holds a NUL byte.
    """
    try:
        _check_bytes(path)
        headers = {delimiter: _header(path, delimiter) for delimiter in DELIMITERS}
    except OSError as error:
        raise CsvRefused(f"{path}: {error.strerror or error}.") from error
    delimiter = max(DELIMITERS, key=lambda candidate: len(headers[candidate] or ()))
    header = headers[delimiter]
    if header is None:
        # Quoted in a way no delimiter explains: reading it again raises with the line.
        header = next(_records(path, delimiter)).cells
    if not header:
        raise CsvRefused(f"{path} is empty: the first line must name the columns.")
    return Table(path, delimiter, tuple(name.strip() for name in header))


def _check_bytes(path: Path) -> None:
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
        reader = csv.reader(stream, delimiter=delimiter, strict=True)
        start = 1
        try:
            for cells in reader:
                if any(map(str.strip, cells)):
                    yield Record(start, cells)
                start = reader.line_num + 1
        except csv.Error as error:
            raise CsvRefused(
                f"{path}: the record that starts on line {start} is not well-formed CSV ({error}, "
                f"line {reader.line_num}). Close the quote or double it, and import again.",
                row=start,
            ) from error
