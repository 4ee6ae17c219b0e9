"""Database of one service: the engine, and the transaction around a request."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import Depends, Request
from sqlalchemy import TextClause, text
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool

from domain_services.kernel.database import idempotency, pool, session
from domain_services.kernel.database.fast_reads import FastReads
from domain_services.kernel.database.idempotency import KeyedRequest, StoredAnswer
from domain_services.kernel.database.pool import PoolUse
from domain_services.kernel.database.session import startup_options
from domain_services.kernel.database.sockets import SILENT_SECONDS, hanging_up, has_input
from domain_services.kernel.database.urls import engine_url
from domain_services.kernel.database.write_probe import WriteProbe
from domain_services.kernel.settings import KernelSettings


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


def create_engine(url: str, *, pool_size: int, pooled: bool = False) -> AsyncEngine:
    """Make an async engine on psycopg 3 that checks connections when they leave the pool."""
    engine = create_async_engine(
        engine_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=pool.WAIT_SECONDS,
        pool_pre_ping=True,
        # Errors of statements are logged; the texts of people in their parameters are not.
        hide_parameters=True,
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
        connect_args={"connect_timeout": pool.CONNECT_SECONDS, **startup_options(pooled=pooled)},
    )
    _ping_after_input(engine.dialect)
    _hang_up_on_silence(engine.dialect)
    return engine


def _ping_after_input(dialect: Dialect) -> None:
    """Ping only after unasked input: a ping is a round trip (docs/adr/0004-pool-check.md)."""
    ping = dialect.do_ping

    def do_ping(dbapi_connection: Any) -> bool:
        descriptor = dialect.get_driver_connection(dbapi_connection).fileno()
        return ping(dbapi_connection) if has_input(descriptor) else True

    dialect.do_ping = do_ping


_HANDED_OVER = "dsm.handed_over"  # key in a connection's `info`


def hand_over(connection: AsyncConnection, items: Sequence[object]) -> None:
    """Give `items` to the database's `after_commit`, if the transaction of `connection` commits."""
    handed_over: list[object] | None = connection.info.get(_HANDED_OVER)
    # None: the transaction is not one of `Database.transaction`.
    if handed_over is not None:
        handed_over.extend(items)


_seconds: ContextVar[float | None] = ContextVar("statement_seconds", default=None)
"""Seconds that a statement may take; None: those of every session."""


@asynccontextmanager
async def slow_statements(connection: AsyncConnection, seconds: int) -> AsyncIterator[None]:
    """Let each statement of the block, in its transaction, take up to `seconds`."""
    await connection.execute(text(f"SET LOCAL statement_timeout = '{int(seconds)}s'"))
    token = _seconds.set(seconds)
    try:
        yield
    finally:
        _seconds.reset(token)


def _hang_up_on_silence(dialect: Dialect) -> None:
    """Bound each wait for the server: a stopped one applies no statement timeout."""

    def bound(name: str, connection_of: Callable[[Any], Any]) -> None:
        work = getattr(dialect, name)

        def bounded(target: Any, *arguments: Any, **options: Any) -> Any:
            seconds = (_seconds.get() or session.STATEMENT_SECONDS) + SILENT_SECONDS
            with hanging_up(connection_of(target), seconds):
                return work(target, *arguments, **options)

        setattr(dialect, name, bounded)

    for name in ("do_execute", "do_executemany"):
        bound(name, lambda cursor: cursor._cursor.connection)
    for name in ("do_commit", "do_rollback"):
        bound(name, dialect.get_driver_connection)


class Database:
    """Engine of a service's database."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        read_pool_size: int = 5,
        direct_url: str | None = None,
    ) -> None:
        """`direct_url` leads past a PgBouncer in `url`; None: `url` leads through none."""
        self.url = url
        self.engine = create_engine(url, pool_size=pool_size, pooled=direct_url is not None)
        self._write_probe = WriteProbe(self.engine)
        self._autocommit = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._fast_reads = FastReads(url, most=read_pool_size, pooled=direct_url is not None)
        self.after_commit: Callable[[Sequence[Any]], None] | None = None
        """Takes what a transaction has handed over, once it has committed; must not fail."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Commit when the block ends, roll back when it raises."""
        handed_over: list[Any] = []
        async with self.engine.begin() as connection:
            # The pooled connection's, which outlives this transaction. Asked for once: a connection
            # that broke meanwhile refuses to tell it.
            info = connection.info
            info[_HANDED_OVER] = handed_over
            try:
                yield connection
            finally:
                info.pop(_HANDED_OVER, None)
        if handed_over and self.after_commit is not None:
            self.after_commit(handed_over)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection for one SELECT, without the round trips of BEGIN and COMMIT."""
        async with self._autocommit.connect() as connection:
            yield connection

    async def rows(self, statement: TextClause, values: Mapping[str, Any]) -> list[Any]:
        """Return the rows of one SELECT on a hot path, past SQLAlchemy. Raises: `Unavailable`."""
        return await self._fast_reads.rows(statement, values)

    @property
    def uses(self) -> dict[str, PoolUse]:
        """Return how many connections of each pool are in use."""
        uses = {"reading": self._fast_reads.use}
        writing = self.engine.pool
        if isinstance(writing, QueuePool):
            uses["writing"] = PoolUse(writing.checkedout(), writing.size())
        return uses

    async def ping(self) -> None:
        """Check that the database answers; raises when it does not."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def check_writing(self) -> None:
        """Check that the database answers and takes writes; raises when it does not."""
        await self.ping()
        await self._write_probe.check()

    async def close(self) -> None:
        """Close all connections."""
        await self._fast_reads.close()
        await self.engine.dispose()


@asynccontextmanager
async def open_database(settings: KernelSettings) -> AsyncIterator[Database]:
    """Open the database of the settings. Raises: `ValueError` when they name none."""
    if settings.database_url is None:
        raise ValueError("no database is set; set DSM_DATABASE_URL")
    direct = settings.database_direct_url
    database = Database(
        settings.database_url.get_secret_value(),
        pool_size=settings.pool_size,
        read_pool_size=settings.read_pool_size,
        direct_url=direct.get_secret_value() if direct else None,
    )
    try:
        yield database
    finally:
        await database.close()


CLAIM = "dsm.claim"  # key of the `KeyedWork` in a request's scope


@dataclass
class KeyedWork:
    """Request with an Idempotency-Key."""

    request: KeyedRequest
    connection: AsyncConnection | None = None
    """Transaction that has claimed the key; None before the claim."""


class Replay(Exception):
    """Signal that the request has been answered before."""

    def __init__(self, answer: StoredAnswer) -> None:
        super().__init__()
        self.answer = answer


async def unit_of_work(request: Request) -> AsyncIterator[AsyncConnection]:
    """Open the transaction of a request. Raises: `Replay` when its key has an answer."""
    database: Database = request.app.state.database
    work: KeyedWork | None = request.scope.get(CLAIM)
    async with database.transaction() as connection:
        if work is not None:
            earlier = await idempotency.claim(connection, work.request)
            if earlier is not None:
                raise Replay(earlier)
            work.connection = connection
        yield connection


async def _reading(request: Request) -> AsyncIterator[AsyncConnection]:
    database: Database = request.app.state.database
    async with database.reading() as connection:
        yield connection


async def _database(request: Request) -> Database:
    return request.app.state.database


Store = Annotated[Database, Depends(_database)]
# Function scope commits before the answer leaves: an answered write is never lost.
UnitOfWork = Annotated[AsyncConnection, Depends(unit_of_work, scope="function")]
Reading = Annotated[AsyncConnection, Depends(_reading, scope="function")]
