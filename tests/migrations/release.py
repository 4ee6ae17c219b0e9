"""Dumps of the databases of release 0.1.0, and how to read a database by SQL.

The dumps were written by release 0.1.0 itself, through its routes, and shortened as its retention
shortens. They hold four projects of 2026-03-02:

- HIST was imported. Fifteen of its sprints were decided and closed, ten by the rule and five by
  evidence, under three decision modes; five outcomes made a calibration. HIST-S26 is running.
- CUT has a run that was decided but not executed: its holder died.
- LATE has a running sprint. Its decision is in the journal, its audit, its planning note and the
  events of its last day are not delivered.
- ENDS has a sprint that was closed while the backlog and the orchestrator were away.

Four events are dead letters.
"""

from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

FOLDER = Path(__file__).parent / "release_0_1_0"

Table = list[tuple[str | None, ...]]


@dataclass(frozen=True)
class Dump:
    """The database of one service."""

    service: str
    package: str
    path: Path


DUMPS = (
    Dump("orchestrator", "memory", FOLDER / "agent_memory.sql"),
    Dump("project", "domain_services.project", FOLDER / "project.sql"),
    Dump("backlog", "domain_services.backlog", FOLDER / "backlog.sql"),
    Dump("sprint", "domain_services.sprint", FOLDER / "sprint.sql"),
    Dump("chronicle", "domain_services.chronicle", FOLDER / "chronicle.sql"),
    Dump("daily_scrum", "domain_services.daily_scrum", FOLDER / "daily_scrum.sql"),
)

_COLUMNS = """
    SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position)
    FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' GROUP BY table_name
"""


def read_columns(url: str) -> dict[str, list[str]]:
    """Read the names of all columns by table."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return dict(connection.execute(_COLUMNS).fetchall())


def read_rows(url: str, columns: dict[str, list[str]]) -> dict[str, Table]:
    """Read the named columns of tables as text, in an order of their own."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return {
            table: sorted(connection.execute(_select(table, names)).fetchall(), key=repr)
            for table, names in columns.items()
        }


def read(url: str, query: str) -> list[tuple[object, ...]]:
    """Read the rows of a query."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return connection.execute(query).fetchall()  # pyright: ignore[reportArgumentType]


def execute(url: str, statement: str) -> None:
    """Execute a statement that changes rows."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute(statement)  # pyright: ignore[reportArgumentType]


def _select(table: str, names: list[str]) -> sql.Composed:
    columns = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in names)
    return sql.SQL("SELECT {} FROM {}").format(columns, sql.Identifier(table))
