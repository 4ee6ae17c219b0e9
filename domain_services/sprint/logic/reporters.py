"""People who report progress, as the sprint and the project service know them."""

import structlog
from sqlalchemy import text

from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.database.database import Database
from domain_services.kernel.errors import Invalid, Problem
from domain_services.project.client import ProjectClient

logger = structlog.get_logger()

_IS_STRANGER = text(
    """
    SELECT task.assigned_to IS DISTINCT FROM :person AND :person <> ALL (sprints.team)
    FROM sprints JOIN sprint_tasks AS task ON task.sprint_id = sprints.id
    WHERE task.task_id = :task_id AND sprints.status = 'in_progress'
    """
)


class Reporters:
    """Checks who reports; only a person outside the sprint costs a call."""

    def __init__(self, database: Database, project: ProjectClient) -> None:
        self._database = database
        self._project = project

    async def require(self, task_id: str, person: str) -> None:
        """Require that a person exists; nobody is refused when the project service is silent.

        Raises: `Invalid`.
        """
        rows = await self._database.rows(_IS_STRANGER, {"task_id": task_id, "person": person})
        # A task of no running sprint is refused for that.
        if not rows or not rows[0][0]:
            return
        try:
            await self._project.get_employee(person)
        except PeerRefused as refusal:
            if refusal.peer_status != 404:
                raise
            raise Invalid(
                f"employee_id: there is no employee {person}: create them in the project service"
                " first",
                employee_ids=[person],
            ) from refusal
        except Problem as error:
            logger.warning("reporter.not_known", employee_id=person, error=error.detail)
