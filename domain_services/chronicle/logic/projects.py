"""Known projects: those with anything recorded."""

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
    """Refuse an unknown project. Raises: `NotFound` when nothing is recorded of it."""
    if not await connection.scalar(_KNOWN, {"project_id": project_id}):
        raise NotFound(f"nothing is recorded of project {project_id}", project_id=project_id)
