"""Bytes of a table, which are read more than once."""

from collections.abc import Callable
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO


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
