"""Needs that only an administrator can meet, found before anything is changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from psycopg import sql

from deploy.errors import StackError

MAINTENANCE = "postgres"  # every server has this database
LEAST_SERVER = 180_000  # uuidv7()


@dataclass(frozen=True)
class Need:
    """A step of the migration that the migrating role may not take."""

    reason: str
    """What is missing, as a clause."""
    statement: str
    """SQL that an administrator runs."""
    database: str = MAINTENANCE
    """Database in which it runs."""


class AdministratorNeeded(StackError):
    """Refusal to migrate before an administrator has prepared the server."""

    def __init__(self, needs: Sequence[Need]) -> None:
        self.needs = tuple(dict.fromkeys(needs))
        reasons = "; ".join(need.reason for need in self.needs)
        super().__init__(f"{reasons}; let an administrator run this SQL:\n{script(self.needs)}")


def script(needs: Iterable[Need]) -> str:
    """Return the statements of all needs, as psql reads them."""
    lines: list[str] = []
    current = ""
    for need in needs:
        if need.database != current:
            lines.append(f"\\connect {sql.Identifier(need.database).as_string()}")
            current = need.database
        lines.append(f"{need.statement};")
    return "\n".join(lines)
