"""Wiring of imports by route."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agent.imports.api import ImportRoom
from agent.imports.settings import ImportLimits
from agent.imports.worker import ImportWorker
from memory.imports import Imports
from memory.known_rows import StoredRows
from memory.pool import Pool


@asynccontextmanager
async def opened_imports(
    pool: Pool, rows: StoredRows, limits: ImportLimits
) -> AsyncIterator[ImportRoom]:
    """Open what the routes use; at the end the processes of imports end."""
    imports = Imports(pool)
    worker = ImportWorker(imports, rows, limits)
    try:
        yield ImportRoom(imports, worker, limits)
    finally:
        await worker.close()
