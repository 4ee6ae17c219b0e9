"""Typed client of the sprint service: one method a route."""

from datetime import date, datetime

from domain_services.kernel.client.http_client import ServiceClient
from domain_services.kernel.types import Liveness
from domain_services.sprint import schema


class SprintClient(ServiceClient):
    peer = "sprint_service"

    async def health(self) -> Liveness:
        return await self._call("GET", "/health", Liveness)

    async def create_sprint(
        self,
        project_id: str,
        body: schema.SprintCreate,
        *,
        key: str | None = None,
        timeout: float | None = None,
    ) -> schema.SprintCreated:
        return await self._call(
            "POST",
            f"/sprints/{project_id}",
            schema.SprintCreated,
            body=body,
            key=key,
            timeout=timeout,
        )

    async def get_sprint(self, sprint_id: str) -> schema.Sprint:
        return await self._call("GET", f"/sprints/{sprint_id}", schema.Sprint)

    async def list_sprints(
        self, project_id: str, status: schema.SprintStatus | None = None, limit: int = 100
    ) -> list[schema.SprintSummary]:
        path = f"/sprints/by-project/{project_id}"
        params = {"status": status, "limit": limit}
        return await self._call("GET", path, list[schema.SprintSummary], params=params)

    async def continue_numbering(self, project_id: str, last_number: int) -> schema.Numbered:
        path = f"/sprints/by-project/{project_id}/numbering"
        body = schema.Numbering(last_number=last_number)
        return await self._call("PUT", path, schema.Numbered, body=body)

    async def get_active_sprint(self, project_id: str | None = None) -> schema.ActiveSprint:
        params = {"project_id": project_id}
        return await self._call("GET", "/sprints/active", schema.ActiveSprint, params=params)

    async def list_projects(self) -> list[str]:
        return await self._call("GET", "/sprints/list_projects", list[str])

    async def list_tasks(self, sprint_id: str) -> list[schema.SprintTask]:
        return await self._call("GET", f"/sprints/{sprint_id}/tasks", list[schema.SprintTask])

    async def get_task_summary(self, sprint_id: str) -> schema.TaskSummary:
        return await self._call("GET", f"/sprints/{sprint_id}/task-summary", schema.TaskSummary)

    async def get_burndown(self, sprint_id: str) -> schema.Burndown:
        return await self._call("GET", f"/sprints/{sprint_id}/burndown", schema.Burndown)

    async def report_progress(
        self, task_id: str, body: schema.ProgressReport
    ) -> schema.ProgressRecorded:
        path = f"/tasks/{task_id}/progress"
        return await self._call("POST", path, schema.ProgressRecorded, body=body)

    async def close_sprint(self, sprint_id: str, *, key: str | None = None) -> schema.SprintClosed:
        path = f"/sprints/{sprint_id}/close"
        return await self._call("POST", path, schema.SprintClosed, key=key)

    async def cancel_sprint(
        self, sprint_id: str, reason: str | None = None, *, key: str | None = None
    ) -> schema.SprintCancelled:
        """Cancel a sprint. Raises: `PeerRefused` (409) when work was reported."""
        path = f"/sprints/{sprint_id}/cancel"
        body = schema.SprintCancel(reason=reason)
        return await self._call("POST", path, schema.SprintCancelled, body=body, key=key)

    async def run_daily_scrum(
        self, sprint_id: str, scheduled_for: date | datetime | None = None
    ) -> schema.DailyScrumRun:
        """`scheduled_for` is a day of the project, or the (aware) moment at which it was due."""
        path = f"/sprints/{sprint_id}/run-daily-scrum"
        body = schema.DailyScrumRequest(scheduled_for=scheduled_for)
        return await self._call("POST", path, schema.DailyScrumRun, body=body)
