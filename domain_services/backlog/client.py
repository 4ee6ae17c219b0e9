"""Typed client of the backlog service: one method a route."""

from collections.abc import Sequence
from datetime import date

from domain_services.backlog import planning_schema, schema
from domain_services.kernel.client.http_client import ServiceClient
from domain_services.kernel.types import Liveness


class BacklogClient(ServiceClient):
    peer = "backlog_service"

    async def health(self) -> Liveness:
        return await self._call("GET", "/health", Liveness)

    async def generate_backlog(self, project_id: str) -> schema.BacklogGenerated:
        return await self._call("POST", f"/backlogs/{project_id}", schema.BacklogGenerated)

    async def list_tasks(
        self,
        project_id: str,
        *,
        status: schema.TaskStatus | None = None,
        assigned_to: str | None = None,
        ready: bool | None = None,
        story_id: str | None = None,
        after: str | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[schema.Task]:
        """List tasks in planning order, 10,000 at most; `pages.all_tasks` lists all of them."""
        params = {"status": status, "assigned_to": assigned_to, "limit": limit, "offset": offset}
        params |= {"ready": ready, "story_id": story_id, "after": after}
        return await self._call("GET", f"/backlogs/{project_id}", list[schema.Task], params=params)

    async def list_summaries(self) -> list[schema.BacklogSummary]:
        return await self._call("GET", "/backlogs/summary", list[schema.BacklogSummary])

    async def get_summary(self, project_id: str) -> schema.BacklogSummary:
        return await self._call("GET", f"/backlogs/{project_id}/summary", schema.BacklogSummary)

    async def count_finished_outside(
        self, project_id: str, start_date: date, end_date: date
    ) -> schema.FinishedOutside:
        """Count tasks finished from `start_date` to `end_date` while no sprint held them."""
        path = f"/backlogs/{project_id}/finished-outside-sprints"
        params = {"start_date": start_date, "end_date": end_date}
        return await self._call("GET", path, schema.FinishedOutside, params=params)

    async def create_tasks(
        self, project_id: str, body: schema.TasksCreate | schema.TaskCreate
    ) -> schema.TasksCreated:
        path = f"/backlogs/{project_id}/tasks"
        return await self._call("POST", path, schema.TasksCreated, body=body)

    async def get_task(self, task_id: str) -> schema.Task:
        return await self._call("GET", f"/tasks/{task_id}", schema.Task)

    async def list_history(
        self, task_id: str, *, limit: int | None = None, offset: int = 0
    ) -> list[schema.TaskChange]:
        path, params = f"/tasks/{task_id}/history", {"limit": limit, "offset": offset}
        return await self._call("GET", path, list[schema.TaskChange], params=params)

    async def update_task(
        self, task_id: str, body: schema.TaskUpdate, *, version: int | None = None
    ) -> schema.TaskChanged:
        """Change a task; with `version`, only when it is still that one (412 otherwise)."""
        path = f"/tasks/{task_id}"
        return await self._call("PUT", path, schema.TaskChanged, body=body, if_match=version)

    async def reserve(self, project_id: str, body: schema.ReservationCreate) -> schema.Reservation:
        path = f"/backlogs/{project_id}/reservations"
        return await self._call("POST", path, schema.Reservation, body=body)

    async def release(self, project_id: str, sprint_id: str) -> schema.Released:
        path = f"/backlogs/{project_id}/reservations/{sprint_id}"
        return await self._call("DELETE", path, schema.Released)

    async def list_reservations(
        self, *, after: str = "", limit: int = 1000
    ) -> list[schema.HeldTasks]:
        """List the sprints that hold tasks, by id, from the id `after` on."""
        params = {"after": after, "limit": limit}
        return await self._call("GET", "/reservations", list[schema.HeldTasks], params=params)

    async def put_order(
        self, project_id: str, body: planning_schema.OrderUpdate
    ) -> planning_schema.BacklogOrder:
        """Rank open tasks in the order given; all others lose their rank."""
        path = f"/backlogs/{project_id}/order"
        return await self._call("PUT", path, planning_schema.BacklogOrder, body=body)

    async def get_order(self, project_id: str) -> planning_schema.BacklogOrder:
        """Read the ranked open tasks in their order."""
        path = f"/backlogs/{project_id}/order"
        return await self._call("GET", path, planning_schema.BacklogOrder)

    async def put_past_tasks(
        self, project_id: str, body: planning_schema.PastTasksUpdate
    ) -> planning_schema.PastTasksStored:
        path = f"/backlogs/{project_id}/past-tasks"
        return await self._call("PUT", path, planning_schema.PastTasksStored, body=body)

    async def count_ages(
        self, project_id: str, day: date, *, days: int = 14, windows: int = 76
    ) -> planning_schema.TaskAges:
        """Count tasks by age at `day` and in windows of `days` before it."""
        path = f"/backlogs/{project_id}/ages"
        params = {"day": day, "days": days, "windows": windows}
        return await self._call("GET", path, planning_schema.TaskAges, params=params)

    async def list_candidates(
        self,
        project_id: str,
        day: date,
        *,
        limit: int = 100,
        class_borders: Sequence[int] = (),
        task_ids: Sequence[str] | None = None,
    ) -> list[planning_schema.Candidate]:
        """List free tasks to plan; with `task_ids`, only those of these that are free."""
        path, answer = f"/backlogs/{project_id}/candidates", list[planning_schema.Candidate]
        params = {
            "day": day,
            "limit": limit,
            "class_borders": ",".join(map(str, class_borders)) or None,
            "task_ids": None if task_ids is None else ",".join(task_ids),
        }
        return await self._call("GET", path, answer, params=params)
