"""Reading side of the orchestrator for tools in its own process, without a request to itself."""

from typing import cast
from uuid import UUID

from agent import run_schema, schema
from agent.api import PREVIEW
from agent.bootstrap import Services
from agent.intelligence.forecast import project_forecast
from agent.intelligence.forecast_schema import ProjectForecast
from agent.intelligence.schema import SimilarEpisodes
from agent.intelligence.similar import similar_episodes
from agent.intelligence.status import project_status
from agent.runs import api as runs
from graphs.answer import Orchestration
from memory.run import Status
from tools.registry import Toolbox


class OwnReads:
    """Port `tools.ports.OrchestratorReads` over the objects of this process."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def run(self, run_id: UUID) -> run_schema.RunDetails:
        """Read one run. Raises: `NotFound`."""
        return await runs.get_run(run_id=run_id, services=self._services)

    async def runs(
        self,
        project_id: str | None = None,
        status: str | None = None,
        before: UUID | None = None,
        limit: int = 50,
    ) -> run_schema.RunPage:
        """List runs, newest first."""
        return await runs.list_runs(
            services=self._services,
            project_id=project_id,
            status=[cast(Status, status)] if status else None,
            before=before,
            limit=limit,
        )

    async def status(self, project_id: str) -> schema.ProjectStatus:
        """Describe a project as it is now. Raises: `NotFound`."""
        return await project_status(self._services.reader, project_id)

    async def forecast(
        self, project_id: str, *, sprints: int = 3, tasks: int | None = None, weeks: int = 2
    ) -> ProjectForecast:
        """Forecast the next sprints. Raises: `NotFound`."""
        return await project_forecast(self._services.reader, project_id, sprints, tasks, weeks)

    async def similar_episodes(self, project_id: str, *, limit: int = 15) -> SimilarEpisodes:
        """Find decisions in a similar state. Raises: `NotFound`."""
        return await similar_episodes(self._services.reader, project_id, limit)

    async def preview(self, project_id: str) -> Orchestration:
        """Decide without acting and without leaving anything behind. Raises: `NotFound`."""
        return await self._services.orchestrator.orchestrate(project_id, PREVIEW)


def own_toolbox(services: Services) -> Toolbox:
    """Make the tools of this process, over the clients that it has."""
    clients = services.clients
    return Toolbox(
        clients.project,
        clients.backlog,
        clients.sprint,
        clients.chronicle,
        services.reader.sources.cronjobs,
        OwnReads(services),
    )
