"""Connection poolers between a service and its PostgreSQL."""

from typing import Any

import psycopg


def is_pooled(connection: psycopg.Connection[Any]) -> bool:
    """Tell whether a connection pooler answers in the server's place.

    A pooler makes up the process id of a new connection, because it may serve each statement by
    another process.
    """
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    return row is None or row[0] != connection.info.backend_pid
