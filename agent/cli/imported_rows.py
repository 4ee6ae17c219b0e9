"""Known rows of imported projects, as commands find them."""

from agent.cli.connect import Clients
from agent.cli.orchestrate import DEFAULT_WEEKS, MAX_WEEKS
from agent.cli.target import Target
from agent.importing.history.holdout import cadence_weeks
from agent.importing.history.row_store import FileRows, RowStore


def rows_of(clients: Clients, target: Target) -> RowStore:
    """Open what keeps the known rows of a target's projects."""
    return FileRows(target.folder)


async def cadence(store: RowStore, project_id: str) -> int:
    """Return the weeks of a sprint of a project: those of its import, or DEFAULT_WEEKS."""
    return min(await cadence_weeks(store, project_id) or DEFAULT_WEEKS, MAX_WEEKS)
