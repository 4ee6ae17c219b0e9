"""Copies of the known rows in a data folder, which a dry run without a stack reads."""

from collections.abc import Iterable

from agent.client import OrchestratorClient
from agent.importing.history.row_store import FileRows
from agent.importing.loading.service_rows import ServiceRows


async def take_over_rows(orchestrator: OrchestratorClient, copies: FileRows) -> None:
    """Give the orchestrator the rows of earlier releases, which are in files alone.

    Raises: `CsvRefused` for a damaged file.
    """
    names = await copies.project_ids()
    if not names:
        return
    projects = (await orchestrator.imported_projects()).projects
    known = {project.project_id for project in projects if project.has_rows}
    store = ServiceRows(orchestrator)
    for name in names:
        if name not in known and (document := await copies.read(name)) is not None:
            await store.write(name, document)


async def copy_rows(
    orchestrator: OrchestratorClient, copies: FileRows, project_ids: Iterable[str]
) -> None:
    """Bring the copies of projects to what the orchestrator knows."""
    store = ServiceRows(orchestrator)
    for name in project_ids:
        if (document := await store.read(name)) is not None:
            await copies.write(name, document)
