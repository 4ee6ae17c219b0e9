"""Existence of projects: a backlog here proves it, otherwise the project service is asked."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.backlog.models import backlogs
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.errors import NotFound
from domain_services.project.client import ProjectClient


async def has_backlog(connection: AsyncConnection, project_id: str) -> bool:
    """Tell whether the project has a task; projects are never deleted, so it then exists."""
    query = select(backlogs.c.project_id).where(backlogs.c.project_id == project_id)
    return await connection.scalar(query) is not None


async def require(projects: ProjectClient, project_id: str) -> None:
    """Require that a project exists.

    Raises: `NotFound`; `Unavailable` when the project service does not answer.
    """
    try:
        await projects.get_project(project_id)
    except PeerRefused as refusal:
        if refusal.peer_status != 404:
            raise
        raise NotFound(f"there is no project {project_id}", project_id=project_id) from refusal
