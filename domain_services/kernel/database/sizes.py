"""Sizes of a database's tables, for people and for soaks."""

from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from domain_services.kernel.database.urls import plain_url

_TABLES = """
    SELECT CASE nspname WHEN 'public' THEN pg_class.relname
               ELSE nspname || '.' || pg_class.relname END AS name,
           pg_total_relation_size(pg_class.oid) AS bytes,
           coalesce(n_dead_tup, 0) AS dead_rows, 0 AS rows
    FROM pg_class LEFT JOIN pg_stat_user_tables ON relid = pg_class.oid
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND nspname <> 'information_schema' AND nspname !~ '^pg_'
    ORDER BY 1
"""


@dataclass(slots=True)
class TableSize:
    """Size of one table."""

    name: str
    """Name; with its schema when that is not `public`."""
    bytes: int
    """Bytes of the table with its indexes and its large values."""
    dead_rows: int
    """Deleted rows whose place is not free yet, as PostgreSQL estimates them."""
    rows: int
    """Rows, counted."""


def table_sizes(url: str) -> dict[str, TableSize]:
    """Count the rows of every table of a database, and measure its bytes; by table.

    Reads each table whole. `url` may be SQLAlchemy's form. Raises: `psycopg.Error`.
    """
    with (
        psycopg.connect(plain_url(url), autocommit=True) as connection,
        connection.cursor(row_factory=class_row(TableSize)) as cursor,
    ):
        sizes = {size.name: size for size in cursor.execute(_TABLES).fetchall()}
        for size in sizes.values():
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*size.name.split(".")))
            row = connection.execute(query).fetchone()
            size.rows = row[0] if row else 0
    return sizes
