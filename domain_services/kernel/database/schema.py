"""Wait of a starting service for the schema of its database, which `dsm migrate` brings."""

import asyncio
from typing import Any, Literal, LiteralString, NamedTuple

import psycopg
import structlog

from domain_services.kernel.database.migrate import ForeignDatabase, newest, parts
from domain_services.kernel.database.sockets import hanging_up
from domain_services.kernel.database.urls import plain_url

logger = structlog.get_logger()

POLL_SECONDS = 1.0
REPEAT_SECONDS = 30.0  # the same reason is logged again this late
CONNECT_SECONDS = 3
# Also the longest wait for the lock of a migration that changes the table of versions.
ANSWER_SECONDS = 10.0

State = Literal["ready", "waiting", "foreign"]


class Schema(NamedTuple):
    """Schema of a database, as the service that wants `known` sees it."""

    state: State
    reason: str
    """Sentence for the log; empty when it is ready."""


async def wait_for_schema(url: str, package: str) -> None:
    """Return when the database has the newest schema that `package` knows, or a newer one.

    It waits for a database that is away, empty or older, and logs the reason.
    Raises: `ForeignDatabase` when the database is another service's.
    """
    known = newest(package)
    logged, logged_at = "", 0.0
    while (schema := await read_schema(url, known)).state != "ready":
        if schema.state == "foreign":
            raise ForeignDatabase(schema.reason)
        now = asyncio.get_running_loop().time()
        if schema.reason != logged or now >= logged_at + REPEAT_SECONDS:
            logger.warning("schema.waiting", reason=schema.reason, newest_known=known)
            logged, logged_at = schema.reason, now
        await asyncio.sleep(POLL_SECONDS)


async def read_schema(url: str, known: str) -> Schema:
    """Compare the schema of a database with the revision `known`."""
    try:
        revision = await ask(url, "SELECT version_num FROM alembic_version")
    except psycopg.errors.UndefinedTable:
        return Schema("waiting", "the database is empty; run dsm migrate")
    except psycopg.errors.InsufficientPrivilege:
        return Schema("waiting", "its role may not read the schema's version; run dsm migrate")
    except psycopg.Error as error:
        text = str(error).strip().splitlines()
        return Schema("waiting", f"the database does not answer: {text[0] if text else error!r}")
    return compare(revision, known)


async def ask(url: str, question: LiteralString) -> Any:
    """Return the value of one row, over a connection of its own; None without a row.

    Raises: `psycopg.Error`.
    """
    connecting = psycopg.AsyncConnection.connect(
        plain_url(url), autocommit=True, connect_timeout=CONNECT_SECONDS, prepare_threshold=None
    )
    async with await connecting as connection:
        with hanging_up(connection, ANSWER_SECONDS):
            row = await (await connection.execute(question)).fetchone()
    return row[0] if row else None


def compare(revision: str | None, known: str) -> Schema:
    """Compare a database's revision with the newest that a service knows."""
    if revision is None:
        return Schema("waiting", "the database is empty; run dsm migrate")
    if revision == known:
        return Schema("ready", "")
    family, number = parts(revision)
    known_family, known_number = parts(known)
    if family != known_family:
        return Schema(
            "foreign",
            f"the database of {family} is set as that of {known_family};"
            " set DSM_DATABASE_URL to its own",
        )
    # Migrations are expanded first: a service also serves on the schema of the next release.
    if number > known_number:
        return Schema("ready", "")
    return Schema("waiting", f"the schema is at {revision}; run dsm migrate")
