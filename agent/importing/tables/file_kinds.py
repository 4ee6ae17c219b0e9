"""Tell by its content what a file is, and name each that is no table."""

import stat
from pathlib import Path
from typing import Literal

from agent.importing.errors import CsvRefused
from agent.importing.tables.archives import check_old_office, check_zip
from agent.importing.tables.encodings import mark_of
from agent.importing.tables.signatures import AS_CSV, BINARY_KINDS, TEXT_KINDS
from agent.importing.tables.source import Source

_HEAD_BYTES = 1 << 16
_SHOWN_FILES = 3
# Text holds next to none of these; a single one is damage, named with its place later.
_CONTROLS = bytes({*range(32)} - {9, 10, 12, 13, 27})
_LARGEST_CONTROL_SHARE = 0.1
_FEWEST_CONTROLS = 8


def check_place(path: Path) -> None:
    """Check that a path is a file that can be read twice. Raises: `CsvRefused`, `OSError`."""
    mode = path.stat().st_mode
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        files = sorted(item.name for item in path.iterdir() if item.is_file())[:_SHOWN_FILES]
        inside = f", such as {', '.join(files)}" if files else ""
        raise CsvRefused(f"{path} is a directory: name the files in it{inside}.")
    if stat.S_ISFIFO(mode):
        raise CsvRefused(
            f"{path} is not a regular file but a pipe, and the rows are read more than once: "
            f"hand it over as standard input, dsm import csv - < {path}, or save it to a file."
        )
    what = "a device" if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) else "a socket"
    raise CsvRefused(
        f"{path} is not a regular file but {what}: save what it delivers to a file and import that."
    )


def tell_kind(source: Source) -> Literal["text", "workbook"]:
    """Tell text from a workbook. Raises: `CsvRefused` for anything else, with what to do."""
    with source.open() as stream:
        head = stream.read(_HEAD_BYTES)
    if not head:
        raise CsvRefused(
            f"{source.name} is empty: the first line must name the columns. Export it again."
        )
    if not head.strip(b"\0"):
        raise CsvRefused(
            f"{source.name} holds nothing but NUL bytes: its content was lost when it was saved or "
            "copied. Export it again."
        )
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        check_zip(source)
        return "workbook"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        check_old_office(source)
    for binary in BINARY_KINDS:
        if head.startswith(binary.mark, binary.offset):
            raise _refused(source, binary.name, binary.remedy)
    _check_text(source, head)
    return "text"


def _check_text(source: Source, head: bytes) -> None:
    mark = mark_of(head)
    controls = _controls(head)
    if (
        mark is None
        and controls >= _FEWEST_CONTROLS
        and controls > len(head) * _LARGEST_CONTROL_SHARE
        and not _names_columns(head)
    ):
        raise _refused(source, "a binary file of an unknown kind", AS_CSV)
    text = head.decode(mark.codec if mark else "latin-1", "replace").lstrip(
        "\ufeff\u00ef\u00bb\u00bf \t\r\n"
    )
    for kind in TEXT_KINDS:
        if kind.pattern.match(text) and (kind.holds is None or kind.holds.search(text)):
            raise _refused(source, kind.name, kind.remedy)


def _controls(head: bytes) -> int:
    return len(head) - len(head.translate(None, _CONTROLS))


def _names_columns(head: bytes) -> bool:
    """Tell whether the first line may name columns, whatever the cells below hold."""
    line = head.splitlines()[0]
    return not _controls(line) and any(delimiter in line for delimiter in (b"\t", b";", b"|", b","))


def _refused(source: Source, name: str, remedy: str) -> CsvRefused:
    return CsvRefused(f"{source.name} is {name}, not a table: {remedy}.")
