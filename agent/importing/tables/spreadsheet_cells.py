"""Cells that a spreadsheet would run as a formula, and how a file of refused rows shows them.

A program that opens a CSV file runs a cell that begins with `=`, `+`, `-`, `@`, a tab or a line
break, also behind spaces and quotes, and some read the wide forms alike. Such a cell gets an
apostrophe in front (docs/adr/0137-harmless-cells.md). The import takes exactly that one off again.
"""

import re
from collections.abc import Iterable

# Of a file of refused rows: nothing else marks one.
REFUSED_HEADER = ("row", "column", "reason")

_GUARD = "'"
# Invisible characters and quotes hide the first one that counts from a reader, not from a program.
_SKIPPED = (
    r"[\s'\"`\u00b4\u2018\u2019\u201c\u201d\x00-\x1f\x7f-\x9f\u00ad"
    r"\u200b-\u200f\u2028-\u202f\u2060-\u2064\ufeff]*"
)
_RUNS = re.compile(
    _SKIPPED + r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b\u2212]"
)


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet runs."""
    return _GUARD + cell if _RUNS.match(cell) else cell


def original(cell: str) -> str:
    """Return the text that `harmless` has been given."""
    return cell[1:] if cell.startswith(_GUARD) and _RUNS.match(cell[1:]) else cell


def is_of_refused_rows(header: Iterable[str]) -> bool:
    """Tell whether a header is that of a file of refused rows."""
    return tuple(header)[: len(REFUSED_HEADER)] == REFUSED_HEADER
