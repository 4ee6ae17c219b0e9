"""Inspection of a server and its databases: what is missing, and who may add it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import namedtuple_row

from deploy.errors import StackError
from deploy.migrating.needs import LEAST_SERVER, MAINTENANCE, Need
from deploy.migrating.targets import Target
from domain_services.kernel.database.migrate import Connection, connected
from domain_services.kernel.database.pooler import is_pooled

# Trusted extensions may be created by the owner of a database.
_RIGHTS = """
    SELECT current_user AS role, rolsuper AS is_superuser,
           rolsuper OR rolcreatedb AS creates_databases,
           rolsuper OR rolcreaterole AS creates_roles,
           current_setting('server_version_num')::int AS version,
           current_setting('server_version') AS version_text
    FROM pg_roles WHERE rolname = current_user
"""
_MAY_CREATE = "SELECT has_schema_privilege('public', 'CREATE')"
_MAY_CREATE_SCHEMA = """
    SELECT to_regnamespace(%s) IS NOT NULL
        OR has_database_privilege(current_database(), 'CREATE')
"""
_AVAILABLE = """
    SELECT bool_or(trusted OR NOT superuser) AS is_trusted
    FROM pg_available_extension_versions WHERE name = %s HAVING count(*) > 0
"""
# What a table or an extension owns follows it.
_OF_OTHERS = """
    SELECT format('ALTER %%s %%s OWNER TO %%I', kind, name, current_user) FROM (
        SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind,
               oid::regclass::text AS name, relowner AS owner, oid, 'pg_class'::regclass AS class
        FROM pg_class
        WHERE relnamespace::regnamespace::text = ANY(%(schemas)s)
            AND relkind IN ('r', 'p', 'S', 'v')
        UNION ALL
        SELECT 'FUNCTION', oid::regprocedure::text, proowner, oid, 'pg_proc'::regclass
        FROM pg_proc WHERE pronamespace::regnamespace::text = ANY(%(schemas)s)
        UNION ALL
        SELECT 'SCHEMA', quote_ident(nspname), nspowner, oid, 'pg_namespace'::regclass
        FROM pg_namespace WHERE nspname = ANY(%(schemas)s) AND nspname <> 'public'
    ) AS objects
    WHERE NOT pg_has_role(owner, 'USAGE') AND NOT EXISTS (
        SELECT FROM pg_depend
        WHERE classid = class AND objid = objects.oid AND deptype IN ('a', 'i', 'e'))
    ORDER BY kind DESC, name
"""


@dataclass
class Findings:
    """Findings about one target."""

    target: Target
    is_missing: bool = False
    """Its database does not exist."""
    statements: list[str] = field(default_factory=list[str])
    """Statements that the migrating role may run itself, in the database."""
    role_is_missing: bool = False
    """The role of its service does not exist, and the migrating role may create it."""
    needs: list[Need] = field(default_factory=list[Need])
    """Needs that only an administrator can meet."""


def inspect(target: Target) -> Findings:
    """Look at a target without changing anything. Raises: `StackError`."""
    findings = Findings(target)
    try:
        with connected(target.url) as connection:
            _inspect_database(connection, findings)
    except psycopg.OperationalError as error:
        # The reason of a refused connection has no code, and its text a language.
        findings.is_missing = _is_missing(target, error)
    if findings.is_missing:
        with connected(target.beside(MAINTENANCE)) as connection:
            _inspect_server(connection, findings)
    return findings


def _is_missing(target: Target, refusal: psycopg.OperationalError) -> bool:
    """Tell whether the database does not exist. Raises: `StackError` when it is another trouble."""
    text = " ".join(str(refusal).split()) or repr(refusal)
    trouble = StackError(f"cannot connect to {target.database}: {text}")
    try:
        with connected(target.beside(MAINTENANCE)) as connection:
            known = "SELECT 1 FROM pg_database WHERE datname = %s"
            if connection.execute(known, [target.database]).fetchone():
                raise trouble
    except psycopg.OperationalError:
        raise trouble from None
    return True


def _rights(connection: Connection, target: Target) -> Any:
    if is_pooled(connection):
        raise StackError(
            f"the URL of {target.database} leads through a connection pooler, where a lock of a"
            " session is not kept; set DSM_OWNER_URL to the PostgreSQL server itself"
        )
    rights: Any = connection.cursor(row_factory=namedtuple_row).execute(_RIGHTS).fetchone()
    if rights.version < LEAST_SERVER:
        raise StackError(
            f"the server of {target.database} is PostgreSQL {rights.version_text};"
            f" use {LEAST_SERVER // 10_000} or newer"
        )
    return rights


def _inspect_database(connection: Connection, findings: Findings) -> None:
    target = findings.target
    rights = _rights(connection, target)
    findings.needs += _owner_needs(connection, target, rights.role)
    for name, least in target.spec.extensions:
        statement = _extension_statement(connection, name, least)
        if statement is None:
            continue
        if _may_run(connection, statement, name):
            findings.statements.append(statement)
        else:
            reason = f"{target.database} lacks the extension {name} {least} or newer"
            findings.needs.append(Need(reason, statement, target.database))
    _inspect_role(connection, findings, rights)


def _inspect_server(connection: Connection, findings: Findings) -> None:
    """Look at the server of a database that does not exist."""
    target = findings.target
    rights = _rights(connection, target)
    extensions: list[Need] = []
    for name, least in target.spec.extensions:
        row = connection.execute(_AVAILABLE, [name]).fetchone()
        if row is None:
            raise _not_installed(name)
        if not (rights.is_superuser or row[0]):
            reason = f"{target.database} lacks the extension {name} {least} or newer"
            statement = f"CREATE EXTENSION {sql.Identifier(name).as_string()}"
            extensions.append(Need(reason, statement, target.database))
    if extensions or not rights.creates_databases:
        create = sql.SQL("CREATE DATABASE {} OWNER {}").format(
            sql.Identifier(target.database), sql.Identifier(rights.role)
        )
        reason = f"the database {target.database} does not exist"
        findings.needs += [Need(reason, create.as_string()), *extensions]
    _inspect_role(connection, findings, rights)


def _inspect_role(connection: Connection, findings: Findings, rights: Any) -> None:
    role = findings.target.spec.role
    if (
        role is None
        or connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    ):
        return
    if rights.creates_roles:
        findings.role_is_missing = True
        return
    statement = f"CREATE ROLE {sql.Identifier(role).as_string()} LOGIN"
    reason = f"the role {role} does not exist (give it a password by \\password {role})"
    findings.needs.append(Need(reason, statement))


def _owner_needs(connection: Connection, target: Target, role: str) -> Iterator[Need]:
    row = connection.execute(_MAY_CREATE).fetchone()
    if not (row and row[0]):
        statement = sql.SQL("ALTER DATABASE {} OWNER TO {}").format(
            sql.Identifier(target.database), sql.Identifier(role)
        )
        yield Need(f"{role} may not create tables in {target.database}", statement.as_string())
    for schema in target.spec.schemas:
        row = connection.execute(_MAY_CREATE_SCHEMA, [schema]).fetchone()
        if not (row and row[0]):
            statement = sql.SQL("CREATE SCHEMA {} AUTHORIZATION {}").format(
                sql.Identifier(schema), sql.Identifier(role)
            )
            reason = f"{target.database} lacks the schema {schema}"
            yield Need(reason, statement.as_string(), target.database)
    schemas = {"schemas": ["public", *target.spec.schemas]}
    of_others = [statement for (statement,) in connection.execute(_OF_OTHERS, schemas).fetchall()]
    if of_others:
        reason = f"tables of {target.database} belong to another role than {role}"
        yield Need(reason, ";\n".join(of_others), target.database)


def _extension_statement(connection: Connection, name: str, least: str) -> str | None:
    """Return the statement that brings an extension to the least version; None if it is there."""
    row = connection.execute(
        "SELECT extversion FROM pg_extension WHERE extname = %s", [name]
    ).fetchone()
    quoted = sql.Identifier(name).as_string()
    if row is None:
        return f"CREATE EXTENSION IF NOT EXISTS {quoted}"
    return None if _numbers(row[0]) >= _numbers(least) else f"ALTER EXTENSION {quoted} UPDATE"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _may_run(connection: Connection, statement: str, extension: str) -> bool:
    """Try a statement and undo it: managed servers allow more than their catalogues say."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege:
        return False
    except (psycopg.errors.FeatureNotSupported, psycopg.errors.UndefinedFile):
        raise _not_installed(extension) from None
    except psycopg.errors.UniqueViolation:
        return True  # another migration has just created it
    return True


def _not_installed(extension: str) -> StackError:
    package = {"vector": "pgvector"}.get(extension, extension)
    return StackError(
        f"the PostgreSQL server has no {package}; install it there, then migrate again"
    )
