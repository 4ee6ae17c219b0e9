"""Refused rows of several files, which are kept one behind the other, by file."""

from collections.abc import Iterator
from io import StringIO

from agent.importing.tables.spreadsheet_cells import REFUSED_HEADER

_HEADER = ",".join(REFUSED_HEADER)


def part_of(content: bytes, number: int) -> bytes:
    """Return the rows of one file with their header; empty when there is no such part.

    `number` counts from 0 the files that have refused rows.
    """
    parts = list(_parts(content.decode(errors="replace")))
    return parts[number].encode() if number < len(parts) else b""


def _parts(content: str) -> Iterator[str]:
    """Yield the text of each file; a row begins with its number, a header with its first name."""
    part: list[str] = []
    for record in _records(content):
        if part and record.startswith(_HEADER):
            yield "".join(part)
            part = []
        part.append(record)
    if part:
        yield "".join(part)


def _records(content: str) -> Iterator[str]:
    """Yield each record as it is written, over several lines when a cell holds them."""
    lines: list[str] = []
    # A line end within quotes belongs to a cell: the number of quotes so far is odd.
    quotes = 0
    for line in StringIO(content, newline="").readlines():
        lines.append(line)
        quotes += line.count('"')
        if quotes % 2 == 0:
            yield "".join(lines)
            lines, quotes = [], 0
    if lines:
        yield "".join(lines)
