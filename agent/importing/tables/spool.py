"""Bytes that can be read only once, kept in a temporary file that has no name."""

import os
import tempfile
import weakref
from collections.abc import Iterable
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BUFFER_BYTES = 1 << 20


class Spool:
    """Temporary file; it is gone when the last reader of it is, also after a crash."""

    def __init__(self) -> None:
        descriptor, path = tempfile.mkstemp(prefix="dsm-import-")
        # Without its name, the system removes it with the process at the latest.
        Path(path).unlink()
        self.descriptor = descriptor
        weakref.finalize(self, os.close, descriptor)

    def write(self, chunks: Iterable[bytes]) -> None:
        """Append bytes."""
        for chunk in chunks:
            rest = memoryview(chunk)
            while rest:
                rest = rest[os.write(self.descriptor, rest) :]

    def open(self) -> BinaryIO:
        """Open the bytes at their start; the caller closes them."""
        return BufferedReader(_SpoolReader(self), _BUFFER_BYTES)


class _SpoolReader(RawIOBase):
    """Reader with a position of its own, so that several read one descriptor."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        size = os.fstat(self._spool.descriptor).st_size
        self._position = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._position}.get(whence, size)
        return self._position

    def readinto(self, buffer: "WriteableBuffer") -> int:
        count = os.preadv(self._spool.descriptor, [buffer], self._position)
        self._position += count
        return count
