"""Copies of a project by SQL, through the product's own schema: thousands in seconds."""

from psycopg import sql

from benchmarks.stage import Connection, Stage, open_connection

# `MARK` stands in every id that belongs to the template, and nowhere else.
MARK = "SCALE-TEMPLATE"
DATABASES = ("dsm_project", "dsm_backlog", "dsm_sprint", "dsm_chronicle")
# Bookkeeping of requests and events: a copy owes nobody anything.
LEFT_OUT = (
    "alembic_version",
    "idempotency",
    "keyed_requests",
    "inbox",
    "outbox",
    "dead_letters",
    "deliveries",
)
_TABLES = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY oid
"""
_COLUMNS = """
    SELECT attname, atttypid = 'uuid'::regtype AND coalesce(attnum = ANY (conkey), false) AS is_key
    FROM pg_attribute LEFT JOIN pg_constraint ON conrelid = attrelid AND contype = 'p'
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
        AND attidentity = '' AND attgenerated = '' ORDER BY attnum
"""


def name_of(number: int) -> str:
    """The id of a copy."""
    return f"SCALE-{number:06d}"


async def copy_projects(stage: Stage, first: int, last: int) -> None:
    """Copy the template to the numbers `first` to `last`, in every database."""
    for database in DATABASES:
        async with open_connection(stage.database(database)) as connection:
            # The order of tables and the guards of append-only tables are the services' concern.
            await connection.execute("SET session_replication_role = replica")
            tables = await (await connection.execute(_TABLES)).fetchall()
            for (table,) in tables:
                if not table.startswith(LEFT_OUT):
                    await _copy(connection, table, first, last)
            await connection.execute("SET session_replication_role = DEFAULT")
            await connection.execute("ANALYZE")


async def _copy(connection: Connection, table: str, first: int, last: int) -> None:
    columns = await (await connection.execute(_COLUMNS, (f'"{table}"',))).fetchall()
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns)
    values = sql.SQL(", ").join(
        sql.SQL("gen_random_uuid()") if is_key else sql.SQL("(made.r).{}").format(sql.Identifier(n))
        for n, is_key in columns
    )
    statement = sql.SQL(
        """
        INSERT INTO {table} ({names}) SELECT {values} FROM (
            SELECT jsonb_populate_record(
                NULL::{table},
                replace(to_jsonb(t)::text, %(mark)s, 'SCALE-' || lpad(n::text, 6, '0'))::jsonb
            ) AS r
            FROM (SELECT * FROM {table} AS one WHERE one::text LIKE %(like)s) AS t,
                 generate_series(%(first)s::int, %(last)s::int) AS n
        ) AS made
        """
    ).format(table=sql.Identifier(table), names=names, values=values)
    parameters = {"mark": MARK, "like": f"%{MARK}%", "first": first, "last": last}
    await connection.execute(statement, parameters)
