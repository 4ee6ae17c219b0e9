"""Migration of databases: look at all of them first, then bring each to the newest schema."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

import psycopg
from psycopg import sql

from deploy.catalogue import resolve
from deploy.errors import StackError
from deploy.migrating.inspection import Findings, inspect
from deploy.migrating.needs import MAINTENANCE, AdministratorNeeded
from deploy.migrating.targets import Target
from domain_services.kernel.database.migrate import (
    ForeignDatabase,
    Report,
    connected,
    newer_revision,
    silent,
    upgrade,
)

_EXISTS = (
    psycopg.errors.DuplicateDatabase,
    psycopg.errors.DuplicateObject,
    psycopg.errors.UniqueViolation,
)


def migrate(targets: Iterable[Target], report: Report = silent) -> None:
    """Create what is missing and migrate every target; report each step in a few words.

    Raises: `AdministratorNeeded` before the first change, with everything that the role may not
    do; `StackError` for other trouble.
    """
    findings = [inspect(target) for target in targets]
    needs = [need for finding in findings for need in finding.needs]
    if needs:
        # A database exists before anything is created in it.
        raise AdministratorNeeded(sorted(needs, key=lambda need: need.database != MAINTENANCE))
    for finding in findings:
        if not finding.is_missing:
            _refuse_foreign(finding.target)
    _prepare(findings, report)
    for finding in findings:
        _migrate(finding.target, report)


def _prepare(findings: Sequence[Findings], report: Report) -> None:
    for finding in findings:
        target, role = finding.target, finding.target.spec.role
        if finding.is_missing:
            _create(target, _named("CREATE DATABASE {}", target.database))
            report(f"created the database {target.database}")
        if role and finding.role_is_missing:
            _create(target, _named("CREATE ROLE {} LOGIN", role))
            report(
                f"created the role {role} without a password, so that a server that asks for one"
                f" refuses it; set one by: ALTER ROLE {role} PASSWORD '...'"
            )
        for statement in finding.statements:
            with connected(target.url) as connection:
                connection.execute(statement.encode())


def _named(statement: str, name: str) -> str:
    return statement.format(sql.Identifier(name).as_string())


def _create(target: Target, statement: str) -> None:
    # Another migration may have just created it.
    with connected(target.beside(MAINTENANCE)) as connection, suppress(*_EXISTS):
        connection.execute(statement.encode())


def _migrate(target: Target, report: Report) -> None:
    spec = target.spec
    after = resolve(spec.after_migration) if spec.after_migration else None
    report(f"migrating {target.database}")
    with _explained(target):
        upgrade(target.url, target.package, spec.role, after, report)


def _refuse_foreign(target: Target) -> None:
    """Raises: `StackError` when the database holds the tables of another service."""
    with _explained(target), connected(target.url) as connection:
        newer_revision(connection, target.package)


@contextmanager
def _explained(target: Target) -> Iterator[None]:
    """Turn what goes wrong with a database into one sentence. Raises: `StackError`."""
    try:
        yield
    except ForeignDatabase as error:
        setting = f"DSM_OWNER_URLS__{target.spec.name.upper()}"
        raise StackError(f"cannot migrate {target.database}: {error}; correct {setting}") from None
    except psycopg.Error as error:
        raise StackError(_explain(target, error)) from error
    except Exception as error:
        cause = getattr(error, "orig", None)  # SQLAlchemy's errors wrap the driver's
        if isinstance(cause, psycopg.Error):
            raise StackError(_explain(target, cause)) from error
        raise


def _explain(target: Target, error: psycopg.Error) -> str:
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return (
            f"a table of {target.database} is in use, perhaps by a backup; nothing of this step"
            " was changed; run dsm migrate again"
        )
    return f"cannot migrate {target.database}: {str(error).strip()}"
