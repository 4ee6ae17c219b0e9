"""Wait of a starting service for the schema of its database, which `dsm migrate` brings."""

import asyncio
import re
from typing import Literal, NamedTuple

import psycopg
import structlog

from domain_services.kernel.database.migrate import newest
from domain_services.kernel.database.urls import plain_url

logger = structlog.get_logger()

POLL_SECONDS = 1.0
REPEAT_SECONDS = 30.0  # the same reason is logged again this late
CONNECT_SECONDS = 3

State = Literal["ready", "waiting", "foreign"]

_REVISION = re.compile(r"^(?P<family>.+)_(?P<number>\d+)$")


class ForeignDatabase(RuntimeError):
    """Refusal to serve on another service's database."""


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
        connecting = psycopg.AsyncConnection.connect(
            plain_url(url), autocommit=True, connect_timeout=CONNECT_SECONDS, prepare_threshold=None
        )
        async with await connecting as connection:
            cursor = await connection.execute("SELECT version_num FROM alembic_version")
            row = await cursor.fetchone()
    except psycopg.errors.UndefinedTable:
        return Schema("waiting", "the database is empty; run dsm migrate")
    except psycopg.errors.InsufficientPrivilege:
        return Schema("waiting", "its role may not read the schema's version; run dsm migrate")
    except psycopg.Error as error:
        text = str(error).strip().splitlines()
        return Schema("waiting", f"the database does not answer: {text[0] if text else error!r}")
    return compare(row[0] if row else None, known)


def compare(revision: str | None, known: str) -> Schema:
    """Compare a database's revision with the newest that a service knows."""
    if revision is None:
        return Schema("waiting", "the database is empty; run dsm migrate")
    if revision == known:
        return Schema("ready", "")
    family, number = _parts(revision)
    known_family, known_number = _parts(known)
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


def _parts(revision: str) -> tuple[str, int]:
    match = _REVISION.match(revision)
    return (match["family"], int(match["number"])) if match else (revision, 0)
