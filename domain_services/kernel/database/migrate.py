"""Migrations of every database by Alembic: one environment, version scripts in each package.

The migrating role owns the tables. A service may run as another role, which has the privileges in
`grants.GRANTS` of its package and no others.
"""

import importlib.util
from importlib import import_module
from pathlib import Path

from alembic import command
from alembic.config import Config
from psycopg import sql


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
    return configuration


def upgrade(database_url: str, package: str, role: str | None = None) -> None:
    """Upgrade the database to the newest version; replicas may do so at once (advisory lock).

    `role`, which must exist, gets exactly what `<package>.grants` lists, in the same transaction.
    """
    configuration = config(database_url, package)
    configuration.attributes["grants"] = _grants(package, role) if role else []
    command.upgrade(configuration, "heads")


def _grants(package: str, role: str) -> list[str]:
    grants: dict[str, str] = import_module(f"{package}.grants").GRANTS
    grantee = sql.Identifier(role).as_string()
    statements = [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {grantee}",
        f"GRANT USAGE ON SCHEMA public TO {grantee}",
    ]
    for table, privileges in grants.items():
        statements.append(f"GRANT {privileges} ON {sql.Identifier(table).as_string()} TO {grantee}")
    return statements
