"""Open a text as rows below a header."""

from contextlib import closing
from dataclasses import replace

from agent.importing.errors import CsvRefused
from agent.importing.tables.delimited_text import BrokenRecord, DelimitedText, parse
from agent.importing.tables.encodings import Encoding, detect_encoding
from agent.importing.tables.header import IsHeader, find_layout, read_head
from agent.importing.tables.raw_table import RawTable
from agent.importing.tables.source import Source
from agent.importing.tables.structure import Structure, survey

_DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SHOWN_CHARACTERS = 60
# The text of an open cell is searched for whole records up to here.
_SEARCHED_LINES = 2_000


def open_text_table(
    source: Source, is_header: IsHeader | None, codec: str | None = None
) -> RawTable:
    """Find encoding, delimiter and header, and read every record once. Raises: `CsvRefused`.

    `codec` names the encoding; None detects it.
    """
    encoding = detect_encoding(source, codec)
    lines = read_head(source, encoding.codec)
    layout = find_layout(lines, is_header)
    if layout is None:
        raise _without_header(source, lines)
    if len(layout.header.cells) < 2:
        shown = lines[layout.header.row - 1].strip()[:_SHOWN_CHARACTERS]
        raise CsvRefused(
            f"{source.name} has one column only: no comma, semicolon, tab or bar divides "
            f"{shown!r}. Export a table with one row a task; if another character divides its "
            "cells, name it in a first line such as sep=^ and import it again."
        )
    text = DelimitedText(source, encoding.codec, layout.delimiter, layout.header.row)
    text, structure = _survey(text, [cell.strip() for cell in layout.header.cells])
    cut = _cut_row(text, structure, encoding, len(layout.header.cells))
    if cut:
        text = replace(text, ends_within=True)
        rows = structure.rows + len(structure.footer)
        structure = replace(structure, footer=(), rows=rows)
    name = _DELIMITER_NAMES.get(layout.delimiter, repr(layout.delimiter))
    return RawTable(
        rows=text,
        delimiter=layout.delimiter,
        kind=f"{name}-separated, {encoding.name}",
        header=layout.header,
        above=lines[: layout.header.row - 1],
        structure=structure,
        cut=cut,
        notices=(encoding.notice,) if encoding.notice else (),
    )


def _without_header(source: Source, lines: list[str]) -> CsvRefused:
    """Return the error for a text none of whose first lines is a record."""
    try:
        if next(parse(lines, ","), None) is None:
            return CsvRefused(
                f"{source.name} is empty: the first line must name the columns. Export it again."
            )
    except BrokenRecord as broken:
        return broken.refused(source.name)
    return CsvRefused(f"{source.name} has no line that names columns. Export it again.")


def _survey(text: DelimitedText, header: list[str]) -> tuple[DelimitedText, Structure]:
    """Look through the records; return the text as it must be read, too.

    Raises: `CsvRefused`, with its line, for a record that is not well-formed.
    """
    faults: list[tuple[DelimitedText, BrokenRecord]] = []
    for reading in (text, replace(text, backslash=True)):
        try:
            return reading, _structure(reading, header)
        except BrokenRecord as broken:
            faults.append((reading, broken))
    # The right reading comes further.
    reading, broken = max(faults, key=lambda fault: fault[1].row)
    if broken.is_unfinished and _ends_there(reading, broken.row, len(header)):
        reading = replace(reading, ends_within=True)
        return reading, _structure(reading, header)
    raise broken.refused(text.source.name)


def _structure(text: DelimitedText, header: list[str]) -> Structure:
    with closing(text.records()) as records:
        next(records, None)
        return survey(records, header, text.source.name)


def _ends_there(text: DelimitedText, row: int, width: int) -> bool:
    """Tell a file that is cut from a quote that is missing: no whole record follows the row."""
    with text.source.open_text(text.codec) as stream:
        for _ in range(row):
            stream.readline()
        for _, line in zip(range(_SEARCHED_LINES), stream, strict=False):
            try:
                record = next(parse([line], text.delimiter), None)
            except BrokenRecord:
                continue
            if record and len(record.cells) >= width:
                return False
    return True


def _cut_row(
    text: DelimitedText, structure: Structure, encoding: Encoding, width: int
) -> int | None:
    """Return the row within which the text ends; None when nothing tells that it is cut.

    An open quote or half a character tells it. So does a last line without a line break that is
    shorter than all others.
    """
    last = structure.last
    if last is None:
        return None
    if text.ends_within or encoding.ends_within:
        return last.row
    others = width if structure.shortest is None else min(structure.shortest, width)
    if len(last.cells) < others and not _ends_with_line(text) and last not in structure.footer:
        return last.row
    return None


def _ends_with_line(text: DelimitedText) -> bool:
    with text.source.open() as stream:
        stream.seek(-4, 2)
        return stream.read().rstrip(b"\0")[-1:] in (b"\n", b"\r")
