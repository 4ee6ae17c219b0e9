"""Which projects are known: those of which anything is recorded."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel.errors import NotFound

_KNOWN = text(
    """
    SELECT EXISTS (SELECT FROM project_history WHERE project_id = :project_id)
        OR EXISTS (SELECT FROM decision_chains WHERE project_id = :project_id)
    """
)


async def require(connection: AsyncConnection, project_id: str) -> None:
    """Raises: `NotFound` when nothing is recorded of the project."""
    if not await connection.scalar(_KNOWN, {"project_id": project_id}):
        raise NotFound(f"nothing is recorded of project {project_id}", project_id=project_id)
