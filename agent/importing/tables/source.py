"""Bytes of a table, which are read more than once."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO

from agent.importing.errors import CsvRefused
from agent.importing.tables.spool import Spool

MAX_STREAM_BYTES = 1 << 30
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes that can be read from the start as often as needed."""

    name: str
    """Name for people, such as the path."""
    open: Callable[[], BinaryIO]
    """Open the bytes at their start; the caller closes them."""

    def open_text(self, codec: str) -> TextIOWrapper:
        """Open the bytes as text whose line ends stay as they are; the caller closes it."""
        # The encoding was checked: only a character that is cut at the end is replaced.
        return TextIOWrapper(self.open(), encoding=codec, errors="replace", newline="")


def file_source(path: Path) -> Source:
    """Return the bytes of a file."""
    return Source(str(path), lambda: path.open("rb"))


def spooled_source(name: str, stream: BinaryIO) -> Source:
    """Keep what a stream delivers in a temporary file without a name, and return its bytes.

    Raises: `CsvRefused` when it delivers more than `MAX_STREAM_BYTES`.
    """
    spool = Spool()
    size = 0
    while chunk := stream.read(_CHUNK_BYTES):
        size += len(chunk)
        if size > MAX_STREAM_BYTES:
            raise CsvRefused(
                f"{name} delivers more than {MAX_STREAM_BYTES >> 20:,} MB, the most that is read: "
                "save it to a file and import that."
            )
        spool.write([chunk])
    return Source(name, spool.open)


def standard_input() -> Source:
    """Return the bytes of standard input. Raises: `CsvRefused` when it is a terminal."""
    if sys.stdin is None or sys.stdin.isatty():
        raise CsvRefused(
            "Standard input is a terminal, not a file: hand one over, "
            "such as dsm import csv - < export.csv."
        )
    return spooled_source("standard input", sys.stdin.buffer)
