"""Write probe: finds out whether a database can be written, by a small write now and then."""

import time

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

# Readiness may be asked by many at once; a repair is to show within a few seconds.
PERIOD_SECONDS = 2.0

_IS_READ_ONLY = text(
    "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean"
)
# A flushed record of the log, which no table holds: it costs one flush, as any commit.
_WRITE_LOG = text("SELECT pg_logical_emit_message(true, 'dsm.probe', '')")
# The log is allocated ahead and has room when tables have none: so also 140 kB of new blocks, in a
# temporary file that ends with the statement.
_ALLOCATE = text("SELECT count(*) FROM generate_series(1, 10000)")
_LITTLE_MEMORY = text("SET LOCAL work_mem = '64kB'")


class Unwritable(Exception):
    """The database answers, and takes no writes now; the text is the reason."""


class WriteProbe:
    """Probe of one database, at most one write in `PERIOD_SECONDS`.

    See docs/adr/0133-stores-in-trouble.md for its cost and for what it finds.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._checked_at = float("-inf")
        self._failure: Exception | None = None

    async def check(self) -> None:
        """Check that the database can be written.

        Raises: `Unwritable`, or the error of the write.
        """
        if time.monotonic() - self._checked_at >= PERIOD_SECONDS:
            try:
                await self._write()
                self._failure = None
            except Exception as error:
                self._failure = error
            self._checked_at = time.monotonic()
        if self._failure is not None:
            raise self._failure

    async def _write(self) -> None:
        async with self._engine.begin() as connection:
            if await connection.scalar(_IS_READ_ONLY):
                raise Unwritable("it is read-only")
            await connection.execute(_LITTLE_MEMORY)
            await connection.execute(_ALLOCATE)
            await connection.execute(_WRITE_LOG)
