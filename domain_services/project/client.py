"""Typed client of the project service: one method a route."""

from datetime import date

from domain_services.kernel.client.http_client import ServiceClient
from domain_services.kernel.types import Liveness
from domain_services.project import schema


class ProjectClient(ServiceClient):
    """Client of the project service; every method raises as `ServiceClient` does."""

    peer = "project_service"

    async def health(self) -> Liveness:
        return await self._call("GET", "/health", Liveness)

    async def create_project(self, body: schema.ProjectCreate) -> schema.ProjectCreated:
        return await self._call("POST", "/projects", schema.ProjectCreated, body=body)

    async def list_projects(self, limit: int = 100, offset: int = 0) -> list[schema.Project]:
        params = {"limit": limit, "offset": offset}
        return await self._call("GET", "/projects", list[schema.Project], params=params)

    async def get_project(self, project_id: str) -> schema.Project:
        return await self._call("GET", f"/projects/{project_id}", schema.Project)

    async def change_status(
        self, project_id: str, body: schema.StatusChange
    ) -> schema.StatusChanged:
        path = f"/projects/{project_id}/status"
        return await self._call("PUT", path, schema.StatusChanged, body=body)

    async def edit_project(self, project_id: str, body: schema.ProjectEdit) -> schema.Project:
        return await self._call("PATCH", f"/projects/{project_id}", schema.Project, body=body)

    async def remove_team_member(self, project_id: str, employee_id: str) -> schema.MemberRemoved:
        path = f"/projects/{project_id}/team-members/{employee_id}"
        return await self._call("DELETE", path, schema.MemberRemoved)

    async def get_clock(self, project_id: str) -> schema.ProjectClock:
        return await self._call("GET", f"/projects/{project_id}/clock", schema.ProjectClock)

    async def move_clock(self, project_id: str, body: schema.ClockMove) -> schema.ProjectClock:
        path = f"/projects/{project_id}/clock"
        return await self._call("PUT", path, schema.ProjectClock, body=body)

    async def list_teams(self) -> list[schema.Employee]:
        return await self._call("GET", "/teams", list[schema.Employee])

    async def create_employee(self, body: schema.EmployeeCreate) -> schema.EmployeeCreated:
        return await self._call("POST", "/employees", schema.EmployeeCreated, body=body)

    async def get_employee(self, employee_id: str) -> schema.Employee:
        return await self._call("GET", f"/employees/{employee_id}", schema.Employee)

    async def assign_team_members(
        self, project_id: str, body: schema.Assignment
    ) -> schema.Assigned:
        path = f"/projects/{project_id}/team-members-assign"
        return await self._call("POST", path, schema.Assigned, body=body)

    async def list_team_members(self, project_id: str) -> schema.TeamMembers:
        return await self._call("GET", f"/projects/{project_id}/team-members", schema.TeamMembers)

    async def list_holidays(
        self,
        year: int | None = None,
        country: str | None = None,
        subdivision: str | None = None,
        *,
        project_id: str | None = None,
    ) -> list[schema.Holiday]:
        params = {"year": year, "country": country, "subdivision": subdivision}
        params |= {"project_id": project_id}
        return await self._call("GET", "/calendar/holidays", list[schema.Holiday], params=params)

    async def change_calendar(self, project_id: str, body: schema.CalendarChange) -> schema.Project:
        path = f"/projects/{project_id}/calendar"
        return await self._call("PUT", path, schema.Project, body=body)

    async def list_calendar_days(self, project_id: str) -> list[schema.CalendarDay]:
        path = f"/projects/{project_id}/calendar/holidays"
        return await self._call("GET", path, list[schema.CalendarDay])

    async def put_calendar_day(
        self, project_id: str, day: date, body: schema.CalendarDayPut
    ) -> schema.CalendarDay:
        path = f"/projects/{project_id}/calendar/holidays/{day}"
        return await self._call("PUT", path, schema.CalendarDay, body=body)

    async def delete_calendar_day(self, project_id: str, day: date) -> schema.CalendarDay:
        path = f"/projects/{project_id}/calendar/holidays/{day}"
        return await self._call("DELETE", path, schema.CalendarDay)

    async def list_pto(self, project_id: str) -> list[schema.Pto]:
        return await self._call("GET", f"/projects/{project_id}/calendar/pto", list[schema.Pto])

    async def add_pto(
        self, project_id: str, employee_id: str, body: schema.PtoCreate
    ) -> schema.Pto:
        path = f"/projects/{project_id}/calendar/pto"
        params = {"employee_id": employee_id}
        return await self._call("POST", path, schema.Pto, params=params, body=body)

    async def delete_pto(self, project_id: str, pto_id: int) -> schema.Pto:
        path = f"/projects/{project_id}/calendar/pto/{pto_id}"
        return await self._call("DELETE", path, schema.Pto)

    async def check_availability(
        self,
        project_id: str,
        start_date: date | None = None,
        end_date: date | None = None,
        days: int | None = None,
    ) -> schema.Availability:
        """Check a window: both dates, or neither and `days` from the project's today on."""
        path = f"/projects/{project_id}/availability/check"
        params = {"start_date": start_date, "end_date": end_date, "days": days}
        return await self._call("GET", path, schema.Availability, params=params)
