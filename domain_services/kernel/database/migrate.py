"""Migrations of every database by Alembic: one environment, version scripts in each package.

The migrating role owns the tables. A service may run as another role, which has the privileges in
`grants.GRANTS` of its package and no others.
"""

import importlib.util
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from domain_services.kernel.database.urls import plain_url

Connection: TypeAlias = psycopg.Connection[Any]
Report: TypeAlias = Callable[[str], None]

LOCK = 7_316_001
POLL_SECONDS = 0.2
CONNECT_SECONDS = 5

# A role's own limits are for requests. A statement of a migration may take minutes; waiting for a
# lock keeps requests waiting behind it. A killed migration must not hold its lock for hours.
_SESSION = {
    "statement_timeout": "0",
    "transaction_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "lock_timeout": "5s",
    "client_connection_check_interval": "2s",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
# Not every release of PostgreSQL knows all of them.
_SET = """
    SELECT set_config(name, wanted, false) FROM pg_settings
    JOIN unnest(%s::text[], %s::text[]) AS setting (setting_name, wanted) ON name = setting_name
"""


_REVISION = re.compile(r"^(?P<family>.+)_(?P<number>\d+)$")


class ForeignDatabase(RuntimeError):
    """Refusal to work on a database that holds another service's tables."""


def silent(_: str) -> None:
    """Ignore a report of progress."""


def config(database_url: str, package: str) -> Config:
    """Make the configuration for `<package>.migrations` (e.g. of `domain_services.project`)."""
    spec = importlib.util.find_spec(f"{package}.migrations")
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(f"{package} has no migrations")
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent / "alembic"))
    configuration.set_main_option("version_locations", next(iter(spec.submodule_search_locations)))
    configuration.set_main_option("path_separator", "newline")
    configuration.attributes["database_url"] = database_url
    configuration.attributes["grants"] = []
    return configuration


def newest(package: str) -> str:
    """Return the newest revision that the package knows, as `project_0001`."""
    head = ScriptDirectory.from_config(config("", package)).get_current_head()
    if head is None:
        raise ValueError(f"{package} has no migrations")
    return head


def parts(revision: str) -> tuple[str, int]:
    """Split a revision, as `project_0001`, into the family of its tables and its number."""
    match = _REVISION.match(revision)
    return (match["family"], int(match["number"])) if match else (revision, 0)


def upgrade(
    database_url: str,
    package: str,
    role: str | None = None,
    after: Callable[[Connection], object] | None = None,
    report: Report = silent,
) -> None:
    """Bring a database to the newest version, under its lock: several may try at once.

    `after` then adds what other packages store there. `role`, which must exist, gets exactly what
    `<package>.grants` lists, in the transaction of the migrations. A schema that is newer than the
    package stays as it is, because the services of this release serve on it too.
    Raises: `ForeignDatabase`.
    """
    configuration = config(database_url, package)
    configuration.attributes["grants"] = _grants(package, role) if role else []
    with connected(database_url) as connection, locked(connection, report):
        if (newer := newer_revision(connection, package)) is not None:
            report(f"the schema, {newer}, is newer than this release; nothing is to do")
            return
        _run(configuration, connection)
        if after:
            after(connection)


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """Open an autocommit connection whose statements may take as long as they need.

    Raises: `psycopg.OperationalError`.
    """
    with psycopg.connect(
        plain_url(url), autocommit=True, connect_timeout=CONNECT_SECONDS, prepare_threshold=None
    ) as connection:
        connection.execute(_SET, [list(_SESSION), list(_SESSION.values())])
        yield connection


@contextmanager
def locked(connection: Connection, report: Report = silent) -> Iterator[None]:
    """Hold the lock of the connection's database, for all steps of its migration.

    The session that works must be the one that holds the lock: a killed process leaves both, or
    neither, to the server.
    """
    # Asked for again and again: a session that waits inside a statement holds a snapshot, and
    # CREATE INDEX CONCURRENTLY of the one that works would wait for it.
    if not _try_lock(connection):
        report("another migration is under way; waiting for it")
        while not _try_lock(connection):
            time.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _try_lock(connection: Connection) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone()
    return bool(row and row[0])


def newer_revision(connection: Connection, package: str) -> str | None:
    """Return the revision of a database if it is newer than `package` knows; None otherwise.

    Raises: `ForeignDatabase`.
    """
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except psycopg.errors.UndefinedTable:
        return None
    if row is None:
        return None
    family, number = parts(row[0])
    known_family, known_number = parts(newest(package))
    if family != known_family:
        raise ForeignDatabase(f"it holds the tables of {family}, not those of {known_family}")
    return row[0] if number > known_number else None


def _run(configuration: Config, connection: Connection) -> None:
    """Run Alembic in the session of `connection`."""
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: connection, poolclass=StaticPool
    )
    connection.autocommit = False
    try:
        with engine.connect() as wrapped:
            configuration.attributes["connection"] = wrapped
            command.upgrade(configuration, "heads")
        connection.rollback()
    finally:
        if not connection.closed:
            connection.rollback()
            connection.autocommit = True


def _grants(package: str, role: str) -> list[str]:
    grants: dict[str, str] = import_module(f"{package}.grants").GRANTS
    grantee = sql.Identifier(role).as_string()
    statements = [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {grantee}",
        f"GRANT USAGE ON SCHEMA public TO {grantee}",
        # Its services look whether the schema is the one that they know.
        f"GRANT SELECT ON alembic_version TO {grantee}",
    ]
    for table, privileges in grants.items():
        statements.append(f"GRANT {privileges} ON {sql.Identifier(table).as_string()} TO {grantee}")
    return statements
