"""Alembic for every database: one environment here, version scripts beside the models.

Who migrates owns the tables. A service may run as another role, which then has what its package
lists in `grants.GRANTS` and nothing else.
"""

import importlib.util
from importlib import import_module
from pathlib import Path

from alembic import command
from alembic.config import Config
from psycopg import sql


def config(database_url: str, package: str) -> Config:
    """An Alembic configuration for `<package>.migrations` (e.g. of `domain_services.project`)."""
    spec = importlib.util.find_spec(f"{package}.migrations")
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(f"{package} has no migrations")
    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent / "alembic"))
    found.set_main_option("version_locations", next(iter(spec.submodule_search_locations)))
    found.set_main_option("path_separator", "newline")
    found.attributes["database_url"] = database_url
    return found


def upgrade(database_url: str, package: str, role: str | None = None) -> None:
    """Bring the database to the newest version; replicas may do so at once (advisory lock).

    `role`, which must exist, gets exactly what `<package>.grants` lists, in the same transaction.
    """
    found = config(database_url, package)
    found.attributes["grants"] = _grants(package, role) if role else []
    command.upgrade(found, "heads")


def _grants(package: str, role: str) -> list[str]:
    grants: dict[str, str] = import_module(f"{package}.grants").GRANTS
    who = sql.Identifier(role).as_string()
    statements = [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {who}",
        f"GRANT USAGE ON SCHEMA public TO {who}",
    ]
    for table, privileges in grants.items():
        statements.append(f"GRANT {privileges} ON {sql.Identifier(table).as_string()} TO {who}")
    return statements
