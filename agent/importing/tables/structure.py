"""One look through all records: where the file is cut, and which lines are no rows."""

import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from agent.importing.errors import CsvRefused
from agent.importing.tables.record import Record

# More lines than this below a table are rows that are short.
MAX_FOOTER_LINES = 5
_TOTALS = re.compile(
    r"(?:grand )?(?:sub)?totals?|sum|average|count|summe|gesamt|insgesamt|somme|suma|totale?|"
    r"moyenne|media|\u0438\u0442\u043e\u0433\u043e|\u0432\u0441\u0435\u0433\u043e",
    re.IGNORECASE,
)
_MADE = re.compile(r"(?:generated|exported|printed|created by|displaying|showing|page)\b", re.I)


@dataclass(frozen=True, slots=True)
class Structure:
    """Lines that a table leaves out, and its end."""

    repeated: frozenset[int] = frozenset()
    """Rows that repeat the header."""
    footer: tuple[Record, ...] = ()
    """Summary lines below the last row."""
    last: Record | None = None
    """Last record of the file; None without any below the header."""
    shortest: int | None = None
    """Cells of the shortest record but the last; None with fewer than two records."""
    rows: int = 0
    """Records that are rows: neither repeated headers nor summary lines."""


def survey(records: Iterable[Record], header: Sequence[str], name: str) -> Structure:
    """Look through the records below a header.

    Raises: `CsvRefused` when other names of columns stand between the rows.
    """
    is_repeated = _header_test(header, name)
    repeated: list[int] = []
    tail: deque[Record] = deque(maxlen=MAX_FOOTER_LINES + 1)
    shortest = None
    rows = 0
    last: Record | None = None
    for record in records:
        cells = record.cells
        if is_repeated(record):
            repeated.append(record.row)
            continue
        if last and (shortest is None or len(last.cells) < shortest):
            shortest = len(last.cells)
        last = record
        rows += 1
        if is_summary(cells, len(header)):
            tail.append(record)
        elif tail:
            tail.clear()
    footer = tuple(tail) if len(tail) <= MAX_FOOTER_LINES else ()
    return Structure(frozenset(repeated), footer, last, shortest, rows - len(footer))


def is_summary(cells: Sequence[str], width: int) -> bool:
    """Tell whether a record sums up the table rather than being a row of it."""
    # Counting empty cells is quick, and nearly every row stops here.
    if width < 3 or (len(cells) - cells.count("")) * 2 > width + 1:
        return False
    # Rows have more than two texts, and these stand at their start.
    texts: list[str] = []
    for cell in cells:
        if text := cell.strip():
            texts.append(text)
            if len(texts) > 2:
                break
    first = texts[0].rstrip(":").strip()
    if _TOTALS.fullmatch(first):
        return True
    if len(texts) > 2:
        return False
    # The name of a task alone may be a row; a sentence with a number or a colon is none.
    alone = len(texts) == 1 and " " in first and bool(re.search(r"[\d:]", texts[0]))
    return alone or bool(_MADE.match(first) and " " in first)


def _header_test(header: Sequence[str], name: str) -> Callable[[Record], bool]:
    columns = list(header)
    named_columns = [name for name in header if name]
    names = frozenset(named_columns)
    # A repeated header has all of its names, another header more than two of them.
    fewest = min(len(named_columns), 3)

    def is_repeated(record: Record) -> bool:
        if names.isdisjoint(record.cells) or _count(names, record.cells) < fewest:
            return False
        cells = [cell.strip("\ufeff \t\r\n") for cell in record.cells]
        while len(cells) > len(columns) and not cells[-1]:
            cells.pop()
        if cells == columns:
            return True
        filled = [cell for cell in cells if cell]
        named = sum(cell in names for cell in filled)
        if named > 2 and named * 2 > len(filled):
            raise CsvRefused(
                f"{name}: line {record.row} names columns again, and others than the header. "
                "These are two exports in one file: import each as a file of its own.",
                row=record.row,
            )
        return False

    return is_repeated


def _count(names: frozenset[str], cells: Sequence[str]) -> int:
    """Count the cells that are names; a byte order mark stands at most before the first."""
    marked = cells[0].strip("\ufeff \t\r\n") in names
    return marked + sum(map(names.__contains__, map(str.strip, cells[1:])))
