"""Pool of psycopg connections that replaces dead ones at once after a server's restart."""

# psycopg's own check pauses a second after the second dead connection and gives up at the third,
# so that the first reads after a restart fail. Its attempts to connect again pause up to minutes.
# Here dead connections are thrown away one after the other, and an attempt is given up early, for
# the next caller to begin anew: docs/adr/0004-pool-check.md.

import time
from typing import Any, NamedTuple, TypeAlias

import psycopg
from psycopg.rows import tuple_row
from psycopg_pool import AsyncConnectionPool

from domain_services.kernel.database.session import startup_options
from domain_services.kernel.database.sockets import has_input
from domain_services.kernel.database.urls import plain_url

Connection: TypeAlias = psycopg.AsyncConnection[Any]

WAIT_SECONDS = 2.0
RECONNECT_SECONDS = 1.0
CONNECT_SECONDS = 3


class PoolUse(NamedTuple):
    """Connections of a pool."""

    used: int
    """Connections that are lent, or being opened."""
    limit: int
    """Most connections that it opens."""


class CheckedPool(AsyncConnectionPool[Connection]):
    """Pool of autocommit connections, checked when they leave it."""

    def __init__(
        self,
        url: str,
        *,
        row_factory: Any = tuple_row,
        pooled: bool = False,
        connection_class: type[Connection] = psycopg.AsyncConnection[Any],
        **options: Any,
    ) -> None:
        """`url` may be SQLAlchemy's form; `options` are psycopg_pool's.

        `pooled`: a PgBouncer stands between, and the role has the settings of the session.
        """
        super().__init__(
            plain_url(url),
            connection_class=connection_class,
            kwargs={
                "autocommit": True,
                "prepare_threshold": 0,
                "connect_timeout": CONNECT_SECONDS,
                "row_factory": row_factory,
                **startup_options(pooled=pooled),
            },
            timeout=WAIT_SECONDS,
            reconnect_timeout=RECONNECT_SECONDS,
            open=False,
            **options,
        )

    async def getconn(self, timeout: float | None = None) -> Connection:
        """Take a connection within `timeout` seconds. Raises: `psycopg_pool.PoolTimeout`."""
        until = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            connection = await super().getconn(until - time.monotonic())
            try:
                if has_input(connection.fileno()):
                    await self.check_connection(connection)
            except psycopg.OperationalError:
                await self.putconn(connection)
            except BaseException:
                await self.putconn(connection)
                raise
            else:
                return connection

    @property
    def use(self) -> PoolUse:
        """Return how many connections are in use."""
        stats = self.get_stats()
        return PoolUse(stats["pool_size"] - stats["pool_available"], stats["pool_max"])
