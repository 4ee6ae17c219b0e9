"""Fast reads: the SELECTs of every decision, run by psycopg without SQLAlchemy."""

# A SELECT of one row costs four to five times as much processor time through SQLAlchemy's engine
# (greenlets, adapted cursors): docs/adr/0003-fast-reads.md. Writes and rare reads stay there.

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson
import psycopg
from psycopg.rows import namedtuple_row
from psycopg.types.json import set_json_loads
from sqlalchemy import TextClause
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from domain_services.kernel.database import session
from domain_services.kernel.database.failures import unavailable
from domain_services.kernel.database.pool import CheckedPool, Connection, PoolUse
from domain_services.kernel.database.sockets import SILENT_SECONDS, hanging_up

_dialect = PGDialect_psycopg()


class FastReads:
    """Pool of autocommit connections, opened by the first read."""

    def __init__(self, url: str, *, most: int, pooled: bool = False) -> None:
        self._pool = CheckedPool(
            url,
            row_factory=namedtuple_row,
            min_size=0,
            max_size=most,
            pooled=pooled,
            configure=_configure,
        )

    async def rows(self, statement: TextClause, values: Mapping[str, Any]) -> list[Any]:
        """Return the rows of one SELECT. Raises: `Unavailable` while the database is in trouble."""
        try:
            if self._pool.closed:
                await self._pool.open()
            async with self._pool.connection() as connection:
                with hanging_up(connection, session.STATEMENT_SECONDS + SILENT_SECONDS):
                    cursor = await connection.execute(_plain(statement), values)
                    return await cursor.fetchall()
        except psycopg.Error as error:
            if (trouble := unavailable(error)) is None:
                raise
            raise trouble from error

    @property
    def use(self) -> PoolUse:
        """Return how many connections are in use."""
        return self._pool.use

    async def close(self) -> None:
        """Close the pool."""
        await self._pool.close()


async def _configure(connection: Connection) -> None:
    set_json_loads(orjson.loads, connection)


@lru_cache
def _plain(statement: TextClause) -> bytes:
    """Compile a statement to psycopg's placeholders."""
    return str(statement.compile(dialect=_dialect)).encode()
