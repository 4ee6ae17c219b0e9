"""Known rows of imported projects, and how the last import of each was made.

No decision reads them: they tell what happened after the day of a held project too
(docs/adr/0165-known-rows-beside-the-services.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from memory.pool import Pool

_SAVE: LiteralString = """
    INSERT INTO known_rows (project_id, content) VALUES (%s, %s)
    ON CONFLICT (project_id) DO UPDATE SET content = excluded.content, updated_at = now()
"""
_SAVE_SETTINGS: LiteralString = """
    INSERT INTO import_settings (project_id, headers, request, source)
    VALUES (%(project_id)s, %(headers)s, %(request)s, %(source)s)
    ON CONFLICT (project_id) DO UPDATE SET headers = excluded.headers, request = excluded.request,
        source = COALESCE(excluded.source, import_settings.source), updated_at = now()
"""
_SETTINGS: LiteralString = """
    SELECT project_id, headers, request, source, updated_at FROM import_settings
    ORDER BY updated_at DESC, project_id
"""


@dataclass(frozen=True, slots=True)
class ImportSettings:
    """Options and source of a project's last import."""

    project_id: str
    """Project id."""
    headers: str
    """Hash of the columns of the files."""
    request: dict[str, Any]
    """Options of the import."""
    source: dict[str, Any] | None
    """Where the files came from; None when nobody said."""
    updated_at: datetime
    """Time of the import."""


class StoredRows:
    """Tables of known rows and of saved options."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def read(self, project_id: str) -> bytes | None:
        """Read the compressed document of a project; None without one."""
        statement = "SELECT content FROM known_rows WHERE project_id = %s"
        async with self._pool.connection() as connection:
            row = await (await connection.execute(statement, (project_id,))).fetchone()
        return None if row is None else bytes(row[0])

    async def write(self, project_id: str, content: bytes) -> None:
        """Keep a compressed document in place of the one before."""
        async with self._pool.connection() as connection:
            await connection.execute(_SAVE, (project_id, content))

    async def project_ids(self) -> list[str]:
        """List the projects with known rows, sorted."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute("SELECT project_id FROM known_rows ORDER BY 1")
            return [row[0] for row in await cursor.fetchall()]

    async def settings(self) -> list[ImportSettings]:
        """List how each project was imported last, the newest first."""
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(ImportSettings)) as cursor,
        ):
            return await (await cursor.execute(_SETTINGS)).fetchall()

    async def save_settings(
        self,
        project_id: str,
        headers: str,
        request: Mapping[str, Any],
        source: Mapping[str, Any] | None,
    ) -> None:
        """Keep how a project was imported; `source` None leaves the one before."""
        values = {
            "project_id": project_id,
            "headers": headers,
            "request": Jsonb(dict(request)),
            "source": None if source is None else Jsonb(dict(source)),
        }
        async with self._pool.connection() as connection:
            await connection.execute(_SAVE_SETTINGS, values)
