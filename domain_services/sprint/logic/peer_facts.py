"""Facts that other services know of a sprint at its close."""

import asyncio
from dataclasses import dataclass
from datetime import date

import structlog
from sqlalchemy import text

from domain_services.backlog.client import BacklogClient
from domain_services.backlog.schema import FinishedOutside
from domain_services.kernel.database.database import Database
from domain_services.kernel.errors import Problem
from domain_services.project.client import ProjectClient
from domain_services.sprint.logic import sprint_end, sprints
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
    finished_outside: FinishedOutside | None = None
    """Tasks that were finished in the sprint's days outside it."""

    def completed_outside(self, ended_on: date) -> int | None:
        """Return the count for a sprint that ended on a day; None when not known."""
        finished = self._finished_until(ended_on)
        return finished.tasks if finished else None

    def completed_arrived(self, ended_on: date) -> int | None:
        """Return how many of these were created after the sprint began; None when not known."""
        finished = self._finished_until(ended_on)
        return finished.arrived if finished else None

    def _finished_until(self, ended_on: date) -> FinishedOutside | None:
        # The sprint may have got a day longer since the count.
        finished = self.finished_outside
        return finished if finished and finished.end_date == ended_on else None


class PeerReader:
    """Reads the facts for a close; a failure there stops no close."""

    def __init__(self, database: Database, project: ProjectClient, backlog: BacklogClient) -> None:
        self._database = database
        self._project = project
        self._backlog = backlog
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
        return PeerFacts(team, calendar, await self._finished(sprint_id, calendar))

    async def _finished(self, sprint_id: str, calendar: Calendar | None) -> FinishedOutside | None:
        async with self._database.reading() as connection:
            sprint = await sprints.get(connection, sprint_id)
        async with self._database.reading() as connection:
            end = await sprint_end.read(connection, sprint, calendar)
        count = self._backlog.count_finished_outside
        try:
            return await count(sprint.project_id, sprint.start_date, end.ended_on)
        except Problem as error:
            logger.warning("finished_outside.not_known", sprint_id=sprint_id, error=error.detail)
            return None

    async def _team(self, project_id: str) -> list[str] | None:
        try:
            answer = await self._project.list_team_members(project_id)
        except Problem as error:
            # The close goes on with the team as the sprint last stored it.
            logger.warning("team.not_known", project_id=project_id, error=error.detail)
            return None
        return [member.id for member in answer.team_members]
