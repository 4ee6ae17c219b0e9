"""Team of a sprint's project, as the project service knows it now."""

import structlog
from sqlalchemy import select

from domain_services.kernel.database.database import Database
from domain_services.kernel.errors import Problem
from domain_services.project.client import ProjectClient
from domain_services.sprint.models import sprints

logger = structlog.get_logger()


class Team:
    """Reads teams from the project service; a failure there stops no close."""

    def __init__(self, database: Database, project: ProjectClient) -> None:
        self._database = database
        self._project = project

    async def of_sprint(self, sprint_id: str) -> list[str] | None:
        """List the team's ids; None when the sprint is not running or nobody answers."""
        query = select(sprints.c.project_id).where(
            sprints.c.id == sprint_id, sprints.c.status == "in_progress"
        )
        async with self._database.reading() as connection:
            project_id = await connection.scalar(query)
        if project_id is None:
            return None
        try:
            answer = await self._project.list_team_members(project_id)
        except Problem as error:
            # The close goes on with the team as the sprint last stored it.
            logger.warning("team.not_known", project_id=project_id, error=error.detail)
            return None
        return [member.id for member in answer.team_members]
