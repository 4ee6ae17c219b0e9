"""Text whose cells are separated by one character, as a stream of records."""

import csv
import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass

from agent.importing.errors import CsvRefused
from agent.importing.tables.record import Record
from agent.importing.tables.source import Source

MAX_FIELD_CHARACTERS = 1 << 20
# Backslashes before this one stand in pairs, so it belongs to the quote.
_ESCAPED_QUOTE = re.compile(r'(?<!\\)((?:\\\\)*)\\"')

# A setting of the whole process; the module's own 131,072 characters are fewer than trackers keep.
csv.field_size_limit(MAX_FIELD_CHARACTERS)


class BrokenRecord(Exception):
    """Record that is not well-formed; no later one can be trusted."""

    def __init__(self, row: int, line: int, reason: str) -> None:
        super().__init__(reason)
        self.row = row
        """Line on which the record starts."""
        self.line = line
        """Line on which reading stopped."""
        self.reason = reason
        """Reason in the words of the csv module."""

    @property
    def is_unfinished(self) -> bool:
        """True when the text ended within a quoted cell."""
        return self.reason == "unexpected end of data"

    def refused(self, name: str) -> CsvRefused:
        """Return the error for people."""
        if self.reason.startswith("field larger"):
            return CsvRefused(
                f"{name}: the record that starts on line {self.row} has a field of more than "
                f"{MAX_FIELD_CHARACTERS:,} characters, the most that is read. Shorten it, or "
                "close the quote that makes one field of many lines.",
                row=self.row,
            )
        return CsvRefused(
            f"{name}: the record that starts on line {self.row} is not well-formed CSV "
            f"({self.reason}, line {self.line}). Close the quote or double it, and import again.",
            row=self.row,
        )


@dataclass(frozen=True, slots=True)
class DelimitedText:
    """Records of a text."""

    source: Source
    """Bytes of the text."""
    codec: str
    """Codec of the text."""
    delimiter: str
    """Character between cells."""
    first_line: int = 1
    """Line on which the first record starts, from 1."""
    backslash: bool = False
    """True when a backslash stands before each quote within a cell."""
    ends_within: bool = False
    """True when the text ends within a record, which is then read as far as it goes."""

    def records(self) -> Generator[Record, None, None]:
        """Stream every record that is not blank. Raises: `BrokenRecord`."""
        with self.source.open_text(self.codec) as stream:
            for _ in range(self.first_line - 1):
                stream.readline()
            lines = unescape_quotes(stream) if self.backslash else stream
            # Without strict, a quote that never closes would take the rest as one cell.
            strict = not self.ends_within
            yield from parse(lines, self.delimiter, first_line=self.first_line, strict=strict)


def parse(
    lines: Iterable[str], delimiter: str, *, first_line: int = 1, strict: bool = True
) -> Generator[Record, None, None]:
    """Divide lines into records that are not blank. Raises: `BrokenRecord`."""
    reader = csv.reader(lines, delimiter=delimiter, strict=strict)
    above = first_line - 1
    start = first_line
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                yield Record(start, cells)
            start = above + reader.line_num + 1
    except csv.Error as error:
        raise BrokenRecord(start, above + reader.line_num, str(error)) from error


def unescape_quotes(lines: Iterable[str]) -> Iterator[str]:
    """Double each quote that stands behind a backslash, in place of the backslash."""
    return (_ESCAPED_QUOTE.sub(r'\1""', line) if "\\" in line else line for line in lines)
