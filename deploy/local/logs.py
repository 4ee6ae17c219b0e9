"""Rotation of log files while their programs run, without losing a line.

A full file is renamed, and its writer goes on in a new one: a process of this program by
`follow_own`, PostgreSQL by a signal to its collector, Valkey because it opens its log for each
line. Nothing is copied and nothing is cut off, so that the lines of a crash stay.
"""

import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.environment import read_environment
from deploy.local.settings import LocalSettings

LOOK_SECONDS = 1.0
_MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Bounds:
    """Bounds of each log."""

    size: int
    """Bytes from which a file is put aside."""
    files: int
    """Files that are put aside, the one in use not counted."""


def bounds() -> Bounds:
    """Read the bounds from the environment. Raises: `StackError` naming wrong ones."""
    settings = read_environment(LocalSettings)
    return Bounds(settings.keep_log_megabytes * _MEGABYTE, settings.keep_log_files)


def put_aside(log: Path, limits: Bounds) -> bool:
    """Rename a full log to `NAME.1`, the ones before to `.2` and so on; True when it was full.

    Whoever has the file open goes on writing to it under its new name.
    """
    try:
        if log.stat().st_size < limits.size:
            return False
        for number in range(limits.files - 1, 0, -1):
            with suppress(FileNotFoundError):
                _numbered(log, number).replace(_numbered(log, number + 1))
        log.replace(_numbered(log, 1))
    # A full disk, or a file that somebody moves by hand: the next look tries again.
    except OSError:
        return False
    return True


def _numbered(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")


def rotate_own(log: Path, limits: Bounds) -> None:
    """Put this process's full log aside, and send its output to a new one.

    Does nothing when standard error is not that file.
    """
    with suppress(OSError):
        own = os.fstat(2)
        if log.exists():
            if not os.path.samestat(own, log.stat()) or not put_aside(log, limits):
                return
        # An earlier look has put it aside, and could not open a new one.
        elif not os.path.samestat(own, _numbered(log, 1).stat()):
            return
        descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        # One step each: a line is in the old file or in the new one.
        for stream in (1, 2):
            os.dup2(descriptor, stream)
        os.close(descriptor)


def follow_own(log: Path) -> None:
    """Rotate this process's log while it runs, in a thread that a busy event loop cannot delay."""
    limits = bounds()

    def look() -> None:
        while True:
            rotate_own(log, limits)
            time.sleep(LOOK_SECONDS)

    threading.Thread(target=look, name="log rotation", daemon=True).start()
