"""Days of held projects, as the project service knows them now."""

from datetime import date
from typing import Any

import structlog
from sqlalchemy import text

from domain_services.kernel.database.database import Database
from domain_services.kernel.errors import Problem
from domain_services.project.client import ProjectClient
from domain_services.sprint.logic.project_calendar import Calendar

logger = structlog.get_logger()

_OF_SPRINT = text("SELECT project_id, as_of FROM sprints WHERE id = :sprint_id")
_OF_TASK = text(
    """
    SELECT sprints.project_id, as_of FROM sprints JOIN sprint_tasks ON sprint_id = sprints.id
    WHERE task_id = :task_id ORDER BY number DESC LIMIT 1
    """
)
# Never backwards: answers may overtake each other.
_STORE = text(
    """
    UPDATE sprints SET as_of = CAST(:as_of AS date), timezone = :timezone
    WHERE project_id = :project_id AND status = 'in_progress' AND as_of IS NOT NULL
      AND (CAST(:as_of AS date) IS NULL OR as_of < CAST(:as_of AS date))
    """
)


class ProjectDays:
    """Reads the day of a held project, which moves without the sprint service."""

    # A project that follows the clock is not asked about: it is never held again
    # (docs/adr/0077-day-of-the-project.md).

    def __init__(self, database: Database, project: ProjectClient) -> None:
        self._database = database
        self._project = project

    async def of_sprint(self, sprint_id: str) -> Calendar | None:
        """Read the calendar of a sprint's project; None when the stored copy holds."""
        return await self._of(await self._database.rows(_OF_SPRINT, {"sprint_id": sprint_id}))

    async def of_task(self, task_id: str) -> Calendar | None:
        """Read the calendar of the project of a task's newest sprint; None as `of_sprint`."""
        return await self._of(await self._database.rows(_OF_TASK, {"task_id": task_id}))

    async def _of(self, rows: list[Any]) -> Calendar | None:
        if not rows or rows[0].as_of is None:
            return None
        return await self.read(rows[0].project_id, rows[0].as_of)

    async def read(self, project_id: str, stored: date | None) -> Calendar | None:
        """Ask for a project's calendar, and store a later day; None when nobody answers."""
        try:
            project = await self._project.get_project(project_id)
        except Problem as error:
            logger.warning("project_day.not_known", project_id=project_id, error=error.detail)
            return None
        calendar = Calendar(project.timezone, project.as_of)
        if stored is not None and calendar.as_of != stored:
            values = {"project_id": project_id, "as_of": calendar.as_of}
            async with self._database.transaction() as connection:
                await connection.execute(_STORE, values | {"timezone": calendar.timezone})
        return calendar
