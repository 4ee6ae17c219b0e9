"""Connection pool of the agent's database, with vectors, JSON and time limits set up."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import psycopg
from pgvector.psycopg import register_vector_async
from psycopg.types.json import set_json_dumps, set_json_loads

from domain_services.kernel.database.patience import patiently
from domain_services.kernel.database.pool import CheckedPool, Connection
from domain_services.kernel.database.session import STATEMENT_SECONDS
from domain_services.kernel.database.sockets import SILENT_SECONDS, hanging_up
from memory.document import encode
from memory.session import SETTINGS

# psycopg's own pool, not SQLAlchemy: recall is the hot path, and vectors as binary parameters of
# prepared statements cost it 1.6 to 1.9 times less than as text. Binary vectors need pgvector's
# adapters and settings on every connection; nothing of an ORM would be left to use.

HANG_UP_SECONDS = 20.0  # for a whole transaction, whose statements end after 3 s each
SILENCE_SECONDS = STATEMENT_SECONDS + SILENT_SECONDS


class _WatchedConnection(psycopg.AsyncConnection[Any]):
    """Connection whose socket is shut down when one wait for the server takes too long."""

    async def wait(self, *arguments: Any, **options: Any) -> Any:
        """Wait as psycopg does, for `SILENCE_SECONDS`. Raises: `psycopg.OperationalError` then."""
        with hanging_up(self, SILENCE_SECONDS):
            return await super().wait(*arguments, **options)


class Pool(CheckedPool):
    """A pool that shuts a connection's socket down when the server does not answer in time.

    The statement then ends at once with `psycopg.Error` (docs/adr/0011-silent-database.md).
    """

    @asynccontextmanager
    async def connection(
        self, timeout: float | None = None, *, hang_up_seconds: float = HANG_UP_SECONDS
    ) -> AsyncGenerator[Connection, None]:
        """Lend a connection for at most `hang_up_seconds`. Raises: `psycopg_pool.PoolTimeout`.

        `timeout` is how long to wait for a free one, in seconds; None for the pool's default.
        """
        async with super().connection(timeout) as connection:
            with hanging_up(connection, hang_up_seconds):
                yield connection


async def _adapt(connection: Connection) -> None:
    await register_vector_async(connection)
    set_json_dumps(encode, connection)
    set_json_loads(orjson.loads, connection)


async def _configure(connection: Connection) -> None:
    await _adapt(connection)
    for name, value in SETTINGS.items():
        await connection.execute(f"SET {name} = '{value}'".encode())


@asynccontextmanager
async def open_pool(
    url: str, *, most: int = 10, pooled: bool = False, wait: bool = True
) -> AsyncGenerator[Pool, None]:
    """Open a pool of 2 to `most` checked autocommit connections; `url` may be SQLAlchemy's form.

    With `pooled`, a PgBouncer stands between and the role has the settings of the session.
    Statements end after 3 s, lock waits after 1 s. With `wait`, raises the database's error when it
    is in trouble for longer than `patience.START_SECONDS`.
    """
    pool = Pool(
        url,
        min_size=2,
        max_size=most,
        pooled=pooled,
        connection_class=_WatchedConnection,
        configure=_adapt if pooled else _configure,
    )
    try:
        await pool.open()
        if wait:
            await _wait_for_answer(pool)
        yield pool
    finally:
        await pool.close()


async def _wait_for_answer(pool: Pool) -> None:
    async def ask() -> None:
        async with pool.connection() as connection:
            await connection.execute("SELECT 1")

    # psycopg's own wait begins no new attempts, and so never ends after a failed one.
    await patiently(ask)
