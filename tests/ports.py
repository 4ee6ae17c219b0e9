"""Ports for the servers of tests; two test processes never share one."""

import fcntl
import os
import socket
import tempfile
from collections.abc import Iterator
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import IO

# Below the range from which the system takes the ports of outgoing connections.
FIRST, SLOTS, SLOT = 12_000, 20, 1_000


@cache
def _slot() -> tuple[IO[str], Iterator[int]]:
    """Reserve a range of ports for this process, and return the lock that holds it."""
    folder = Path(tempfile.gettempdir()) / f"dsm-test-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    for slot in range(SLOTS):
        lock = (folder / str(slot)).open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        first = FIRST + slot * SLOT
        return lock, cycle(range(first, first + SLOT))
    raise RuntimeError(f"{SLOTS} test processes are running already")


def _is_free(port: int) -> bool:
    with socket.socket() as listening:
        try:
            listening.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(in_a_row: int = 1) -> int:
    """Return the first of `in_a_row` free ports; a port comes again only after all others."""
    _, ports = _slot()
    row: list[int] = []
    for _ in range(SLOT):
        port = next(ports)
        if not _is_free(port):
            row = []
        elif row and port != row[-1] + 1:
            row = [port]
        else:
            row.append(port)
        if len(row) == in_a_row:
            return row[0]
    raise RuntimeError(f"no {in_a_row} free ports in a row")
