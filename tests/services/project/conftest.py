"""Project service over HTTP, empty or with two projects and two people."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from domain_services.project.app import create_app
from domain_services.project.client import ProjectClient
from domain_services.project.schema import Assignment, EmployeeCreate, ProjectCreate
from domain_services.project.settings import ProjectSettings
from tests.conftest import AUTH, Serve
from tests.ports import free_port


@dataclass(frozen=True)
class Office:
    """The service by its typed client, and by plain HTTP."""

    client: ProjectClient
    url: str
    http: httpx.AsyncClient
    database_url: str

    async def request(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return await self.http.request(method, self.url + path, json=body)

    async def team(self, project_id: str, *people: str) -> None:
        """Put people on a team; create those who are new."""
        known = {person.id for person in await self.client.list_teams()}
        for person in people:
            if person not in known:
                await self.client.create_employee(EmployeeCreate(id=person, name=person))
        await self.client.assign_team_members(project_id, Assignment(employee_ids=list(people)))


@pytest.fixture
async def office(
    database_url: Callable[[str], str], serve: Serve, http: httpx.AsyncClient
) -> Office:
    database = database_url("domain_services.project")
    settings = ProjectSettings(
        port=free_port(),
        database_url=SecretStr(database),
        auth=AUTH,  # pyright: ignore[reportArgumentType]
    )
    url = await serve(create_app(settings), settings.port)
    return Office(ProjectClient(http, url), url, http, database)


@pytest.fixture
async def staffed(office: Office) -> Office:
    """Create P1 with E001 and E002, and P2 with E001."""
    for project_id in ("P1", "P2"):
        await office.client.create_project(ProjectCreate(id=project_id, name="A project"))
    await office.team("P1", "E001", "E002")
    await office.team("P2", "E001")
    return office
