"""Tools of the project service: read projects and their teams' availability."""

from domain_services.project.client import ProjectClient
from tools.answers import Answer, listing
from tools.arguments import Limit, Offset, Part, PartOffset, ProjectId
from tools.documents import document
from tools.tool import Function

_FIELDS = {"name", "status", "clock", "today"}


def project_reads(client: ProjectClient) -> tuple[Function, ...]:
    """Make list_projects, get_project and check_availability."""

    async def list_projects(limit: Limit = 20, offset: Offset = 0) -> Answer:
        """List the projects with id, name, status and their present day."""
        projects = await client.list_projects(limit + 1, offset)
        rows = [
            {"project_id": project.id, **project.model_dump(mode="json", include=_FIELDS)}
            for project in projects[:limit]
        ]
        return listing("projects", rows, offset=offset, more=len(projects) > limit)

    async def get_project(project_id: ProjectId) -> object:
        """Read a project: name, status, time zone, progress mode, and its present day."""
        return await client.get_project(project_id)

    async def check_availability(
        project_id: ProjectId, part: Part = None, offset: PartOffset = 0
    ) -> Answer:
        """Tell which days of the next two weeks the team works, with holidays and leave."""
        return document(await client.check_availability(project_id), part, offset)

    return (list_projects, get_project, check_availability)
