"""Known rows of imported projects, as commands find them."""

from typing import TYPE_CHECKING

from agent.cli.orchestrate import DEFAULT_WEEKS, MAX_WEEKS
from agent.cli.target import Target
from agent.importing.history.holdout import cadence_weeks
from agent.importing.history.row_store import FileRows, RowStore

if TYPE_CHECKING:
    from agent.cli.connect import Clients


def rows_of(clients: "Clients", target: Target) -> RowStore:
    """Open what keeps the known rows of a target's projects."""
    from agent.importing.loading.service_rows import ServiceRows

    # The files stay in step as copies: a dry run reads them when no stack is running.
    return ServiceRows(clients.orchestrator, FileRows(target.folder))


async def reachable_cadence(clients: "Clients", target: Target, project_id: str) -> int:
    """Return what `cadence` does, of the copies when the orchestrator does not answer."""
    from agent.cli.connect import NotRunning
    from domain_services.kernel.client.http_client import Lost

    try:
        return await cadence(rows_of(clients, target), project_id)
    except (Lost, NotRunning):
        return await cadence(FileRows(target.folder), project_id)


async def cadence(store: RowStore, project_id: str) -> int:
    """Return the weeks of a sprint of a project: those of its import, or DEFAULT_WEEKS."""
    return min(await cadence_weeks(store, project_id) or DEFAULT_WEEKS, MAX_WEEKS)
