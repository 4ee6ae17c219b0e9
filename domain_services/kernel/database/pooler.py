"""Connection poolers between a service and its PostgreSQL, told by what they do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal, TypeAlias

import psycopg

from domain_services.kernel.database.sockets import hanging_up

Connection: TypeAlias = psycopg.Connection[Any]
AsyncConnection: TypeAlias = psycopg.AsyncConnection[Any]
Mode: TypeAlias = Literal["session", "transaction", "statement"]

_PID = "SELECT pg_backend_pid()"
_ROUNDS = 4
SECONDS = 3.0
# All questions on one connection together; a silent server must not hold a start.
QUESTIONS_SECONDS = 10.0


def is_pooled(connection: Connection) -> bool:
    """Tell whether a connection pooler answers in the server's place.

    A pooler makes up the process id of a new connection, because it may serve each statement by
    another process.
    """
    row = connection.execute(_PID).fetchone()
    return row is None or row[0] != connection.info.backend_pid


async def answers_for_server(connection: AsyncConnection) -> bool:
    """Tell, as `is_pooled`, whether a pooler answers in the server's place."""
    return await _pid(connection) != connection.info.backend_pid


async def find_mode(first: AsyncConnection, second: AsyncConnection) -> Mode:
    """Find out when the pooler of two open connections gives a server to another client.

    Under load it may take servers in any order, so that several rounds are looked at.
    """
    try:
        async with first.transaction():
            await first.execute("SELECT 1")
    except psycopg.Error:
        return "statement"
    own = await _pid(first)
    for _ in range(_ROUNDS):
        if await _pid(second) == own or await _pid(first) != own:
            return "transaction"
    return "session"


async def keeps_prepared(first: AsyncConnection, second: AsyncConnection) -> bool:
    """Tell whether a statement that was prepared on one server is known on the next.

    True as well when the pooler has no second server to try it on.
    """
    await first.execute(_PID, prepare=True)
    try:
        # It holds the server on which the statement was prepared.
        async with asyncio.timeout(SECONDS), second.transaction():
            await second.execute("SELECT 1")
            await first.execute(_PID, prepare=True)
    except psycopg.errors.InvalidSqlStatementName:
        return False
    except TimeoutError:
        return True
    return True


@asynccontextmanager
async def connected(url: str, options: dict[str, str]) -> AsyncIterator[AsyncConnection]:
    """Open an autocommit connection for some questions. Raises: `psycopg.OperationalError`."""
    connecting = psycopg.AsyncConnection.connect(
        url, autocommit=True, connect_timeout=int(SECONDS), options=options.get("options")
    )
    async with await connecting as connection:
        with hanging_up(connection, QUESTIONS_SECONDS):
            yield connection


async def _pid(connection: AsyncConnection) -> int:
    row = await (await connection.execute(_PID, prepare=False)).fetchone()
    return row[0] if row else 0
