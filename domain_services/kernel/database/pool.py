"""psycopg's pool, quick to forget a server that went away and to find it again.

Its own check of a connection pauses a second after the second that is dead and gives up at the
third, so that the first reads after a server's end fail although it is back; and its attempts to
connect again pause ever longer, up to minutes. Here the dead ones are thrown away one after the
other, and an attempt is given up early, for the next caller to begin anew.
"""

import time
from typing import Any, TypeAlias

import psycopg
from psycopg.rows import tuple_row
from psycopg_pool import AsyncConnectionPool

from domain_services.kernel.database.sockets import heard

Connection: TypeAlias = psycopg.AsyncConnection[Any]

WAIT_SECONDS = 2.0
RECONNECT_SECONDS = 1.0

# A stuck peer must not hold locks.
STATEMENT_SECONDS = 3
LOCK_SECONDS = 1
IDLE_IN_TRANSACTION_SECONDS = 10


def session_options() -> str:
    """What every connection sets for its session, as libpq takes it."""
    return (
        f"-c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout={LOCK_SECONDS}s "
        f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_SECONDS}s -c timezone=UTC"
    )


class CheckedPool(AsyncConnectionPool[Connection]):
    """Autocommit connections on which the server has said nothing, or that still answer."""

    def __init__(self, url: str, *, row_factory: Any = tuple_row, **options: Any) -> None:
        """`url` may be SQLAlchemy's form; `options` are psycopg_pool's."""
        super().__init__(
            url.replace("postgresql+psycopg://", "postgresql://"),
            connection_class=psycopg.AsyncConnection[Any],
            kwargs={
                "autocommit": True,
                "prepare_threshold": 0,
                "connect_timeout": 3,
                "options": session_options(),
                "row_factory": row_factory,
            },
            timeout=WAIT_SECONDS,
            reconnect_timeout=RECONNECT_SECONDS,
            open=False,
            **options,
        )

    async def getconn(self, timeout: float | None = None) -> Connection:
        """A connection, within `timeout` seconds. Raises: `psycopg_pool.PoolTimeout`."""
        until = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            connection = await super().getconn(until - time.monotonic())
            try:
                if heard(connection.fileno()):
                    await self.check_connection(connection)
            except psycopg.OperationalError:
                await self.putconn(connection)
            except BaseException:
                await self.putconn(connection)
                raise
            else:
                return connection
