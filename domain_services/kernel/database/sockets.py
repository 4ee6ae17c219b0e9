"""Sockets of connections: a test for input without a round trip, and their end in time."""

import asyncio
import contextlib
import os
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

# Beyond its timeout a statement gets this long: then the server is silent, and not slow.
SILENT_SECONDS = 2.0


def has_input(descriptor: int) -> bool:
    """Tell whether something can be read from a socket.

    A server that ends closes its connections, and a closed one is readable. Other unasked input
    (a changed setting) is rare, so that the caller can afford a round trip to tell them apart.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


@contextmanager
def hanging_up(connection: psycopg.AsyncConnection[Any], seconds: float) -> Iterator[None]:
    """Shut a connection's socket down when the block takes longer than `seconds`.

    Its statement then ends at once with `psycopg.OperationalError`.
    """
    timer = asyncio.get_running_loop().call_later(seconds, _hang_up, connection)
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(connection: psycopg.AsyncConnection[Any]) -> None:
    # Cancelling the statement would wait for the server's answer, which a silent server never
    # gives.
    with (
        contextlib.suppress(psycopg.OperationalError, OSError),  # it has ended meanwhile
        socket.socket(fileno=os.dup(connection.fileno())) as line,
    ):
        line.shutdown(socket.SHUT_RDWR)
