"""Ports of the tools to the orchestrator, in its own process or over HTTP."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from pydantic import BaseModel


class OrchestratorReads(Protocol):
    """Reading side of the orchestrator; every method raises `Problem`, such as `NotFound`."""

    async def run(self, run_id: UUID) -> BaseModel:
        """Read one run with its decision and answer."""
        ...

    async def runs(
        self,
        project_id: str | None = None,
        status: str | None = None,
        before: UUID | None = None,
        limit: int = 50,
    ) -> BaseModel:
        """List runs, newest first, from the id `before` on; `next_before` is the next page's."""
        ...

    async def status(self, project_id: str) -> BaseModel:
        """Describe a project as it is now, with trends and risks."""
        ...

    async def forecast(
        self, project_id: str, *, sprints: int = 3, tasks: int | None = None, weeks: int = 2
    ) -> BaseModel:
        """Forecast completed tasks of the next `sprints` of `weeks`."""
        ...

    async def similar_episodes(self, project_id: str, *, limit: int = 15) -> BaseModel:
        """Find past decisions in a state like the project's present one."""
        ...

    async def preview(self, project_id: str) -> BaseModel:
        """Decide without acting and without leaving anything behind."""
        ...


class ListsJobs(Protocol):
    """Reading side of the schedules."""

    async def list_jobs(self, project_id: str) -> Sequence[BaseModel]:
        """List the project's schedules by name."""
        ...
