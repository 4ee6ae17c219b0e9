"""Facts that other services know of a sprint at its close."""

import asyncio
from dataclasses import dataclass

import structlog
from sqlalchemy import text

from domain_services.kernel.database.database import Database
from domain_services.kernel.errors import Problem
from domain_services.project.client import ProjectClient
from domain_services.sprint.logic.project_calendar import Calendar
from domain_services.sprint.logic.project_days import ProjectDays

logger = structlog.get_logger()

_RUNNING = text(
    "SELECT project_id, as_of FROM sprints WHERE id = :sprint_id AND status = 'in_progress'"
)


@dataclass(frozen=True)
class PeerFacts:
    """Facts of other services; each is None when nobody answered."""

    team: list[str] | None = None
    """Ids of the project's team."""
    calendar: Calendar | None = None
    """Calendar of the project."""


class PeerReader:
    """Reads the facts for a close; a failure there stops no close."""

    def __init__(self, database: Database, project: ProjectClient) -> None:
        self._database = database
        self._project = project
        self._days = ProjectDays(database, project)

    async def read(self, sprint_id: str) -> PeerFacts:
        """Read the facts of a running sprint; none of another one."""
        rows = await self._database.rows(_RUNNING, {"sprint_id": sprint_id})
        if not rows:
            return PeerFacts()
        project_id, as_of = rows[0].project_id, rows[0].as_of
        team, calendar = await asyncio.gather(
            self._team(project_id), self._days.read(project_id, as_of)
        )
        return PeerFacts(team, calendar)

    async def _team(self, project_id: str) -> list[str] | None:
        try:
            answer = await self._project.list_team_members(project_id)
        except Problem as error:
            # The close goes on with the team as the sprint last stored it.
            logger.warning("team.not_known", project_id=project_id, error=error.detail)
            return None
        return [member.id for member in answer.team_members]
