"""Find the character between cells and the line with the names of the columns."""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from agent.importing.tables.delimited_text import BrokenRecord, parse
from agent.importing.tables.record import Record
from agent.importing.tables.source import Source

# The order decides ties; a comma within a text is the most frequent of them.
DELIMITERS = ("\t", ";", "|", ",")
HEADER_LINES = 20
_SAMPLED_RECORDS = 100
_SAMPLED_LINES = 1_000
_SAMPLED_CHARACTERS = 4_000_000
# Excel takes such a first line for the delimiter of the lines below; the line is no record.
_DECLARED = re.compile(r"\"?sep=([^\w\s\"]|\t)\"?[\r\n]*", re.IGNORECASE)

IsHeader = Callable[[Sequence[str]], bool]


@dataclass(frozen=True, slots=True)
class Layout:
    """Place of the header in a text."""

    delimiter: str
    """Character between cells."""
    header: Record
    """Names of the columns, unchanged."""


def read_head(source: Source, codec: str) -> list[str]:
    """Return the first lines of a text, as many as tell its layout."""
    with source.open_text(codec) as stream:
        lines: list[str] = []
        characters = 0
        while characters < _SAMPLED_CHARACTERS and len(lines) < _SAMPLED_LINES:
            line = stream.readline(_SAMPLED_CHARACTERS)
            if not line:
                break
            lines.append(line)
            characters += len(line)
        return lines


def find_layout(lines: Sequence[str], is_header: IsHeader | None) -> Layout | None:
    """Find the delimiter and the header in the first lines; None when no line can be a header."""
    declared = _DECLARED.fullmatch(lines[0]) if lines else None
    layouts = [
        layout
        for delimiter in ([declared[1]] if declared else DELIMITERS)
        if (layout := _find_header(lines, delimiter, 1 if declared else 0, is_header))
    ]
    # Python's max takes the first of equals.
    return max(layouts, key=lambda layout: _rank(layout, lines, is_header), default=None)


def is_known(cells: Sequence[str], is_header: IsHeader | None) -> bool:
    """Tell whether a test is given and holds for the names of columns."""
    return is_header is not None and is_header([cell.strip() for cell in cells])


def choose_header(records: Sequence[Record], is_header: IsHeader | None) -> Record | None:
    """Return the record that names the columns; None without any record.

    It is the first for which `is_header` holds, else the first with two names, else the first.
    """
    for record in records:
        if is_known(record.cells, is_header):
            return record
    for record in records:
        if sum(1 for cell in record.cells if cell.strip()) > 1:
            return record
    return records[0] if records else None


def _find_header(
    lines: Sequence[str], delimiter: str, above: int, is_header: IsHeader | None
) -> Layout | None:
    """Choose among the first lines, each read by itself: a title above may be broken CSV."""
    candidates: list[Record] = []
    broken = False
    while above < len(lines) and not lines[above].strip():
        above += 1
    for index in range(above, min(len(lines), HEADER_LINES + above)):
        try:
            record = next(parse(lines[index:], delimiter, first_line=index + 1), None)
        except BrokenRecord:
            broken = broken or not candidates
            continue
        if record and record.row == index + 1:
            candidates.append(record)
    header = choose_header(candidates, is_header)
    # Below a broken line, only a header that is known is no guess.
    if header is None or (broken and not is_known(header.cells, is_header)):
        return None
    return Layout(delimiter, header)


def _rank(
    layout: Layout, lines: Sequence[str], is_header: IsHeader | None
) -> tuple[bool, bool, float, int, int]:
    """Rank a layout: first what is a known header, then how alike and how wide the rows are.

    A line without rows below it is a header only where every layout has none.
    """
    width = len(layout.header.cells)
    widths: list[int] = []
    records = parse(lines[layout.header.row - 1 :], layout.delimiter, first_line=layout.header.row)
    has_rows = False
    try:
        for record in islice(records, 1, _SAMPLED_RECORDS):
            overflow = any(map(str.strip, record.cells[width:]))
            widths.append(0 if overflow else min(len(record.cells), width))
    except BrokenRecord:
        # The last lines may end within a record, and the whole is checked later.
        has_rows = True
    common, times = Counter(widths or [width]).most_common(1)[0]
    alike = times / max(len(widths), 1) * math.log(max(common, 1))
    known = is_known(layout.header.cells, is_header)
    return known, has_rows or bool(widths), alike, width, -layout.header.row
