"""People whom tasks are assigned to exist in the project service."""

from typing import Any

import httpx
import pytest

from domain_services.backlog.app import create_app
from domain_services.backlog.client import BacklogClient
from domain_services.backlog.logic import people
from domain_services.backlog.schema import TaskCreate, TasksCreate, TaskUpdate
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.errors import Invalid, Unavailable
from domain_services.kernel.settings import Peers
from tests.conftest import Serve
from tests.ports import free_port
from tests.services.backlog.conftest import MakeSettings


@pytest.fixture
async def staffed(backlog: BacklogClient) -> BacklogClient:
    """A backlog with one free task; E001 and E002 exist."""
    await backlog.create_tasks("P1", TaskCreate(title="a"))
    return backlog


async def test_unknown_assignee_is_refused_by_name(staffed: BacklogClient) -> None:
    unknown = TaskCreate(title="b", assigned_to="E009")
    batch = [TaskCreate(title="b", assigned_to=person) for person in ("E001", "E009", "E010")]
    for request in (unknown, TasksCreate(tasks=[unknown]), TasksCreate(tasks=batch)):
        with pytest.raises(PeerRefused) as refused:
            await staffed.create_tasks("P1", request)
        assert refused.value.peer_status == 422
        assert "E009" in refused.value.detail
        assert "E001" not in refused.value.detail
    with pytest.raises(PeerRefused) as refused:
        await staffed.update_task("P1-TASK001", TaskUpdate(assigned_to="E009"))
    assert (refused.value.peer_status, refused.value.problem["employee_ids"]) == (422, ["E009"])
    assert len(await staffed.list_tasks("P1")) == 1


async def test_known_assignees_are_accepted(staffed: BacklogClient) -> None:
    batch = [TaskCreate(title="b", assigned_to=person) for person in ("E001", "E002", None)]
    await staffed.create_tasks("P1", TasksCreate(tasks=batch))
    await staffed.update_task("P1-TASK001", TaskUpdate(assigned_to="E002"))
    await staffed.update_task("P1-TASK001", TaskUpdate(assigned_to=None))
    holders = [task.assigned_to for task in await staffed.list_tasks("P1")]
    assert sorted(holders, key=str) == ["E001", "E002", None, None]


async def test_assignees_wait_for_the_project_service_and_other_tasks_do_not(
    staffed: BacklogClient, backlog_settings: MakeSettings, serve: Serve, http: httpx.AsyncClient
) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    settings = backlog_settings(peers=Peers(project=nobody, sprint=nobody))
    cut_off = BacklogClient(http, await serve(create_app(settings), settings.port))
    await cut_off.create_tasks("P1", TaskCreate(title="b"))
    await cut_off.update_task("P1-TASK001", TaskUpdate(title="c"))
    with pytest.raises(Unavailable):
        await cut_off.create_tasks("P1", TaskCreate(title="b", assigned_to="E001"))


class CountingProject:
    """Project service without people, which counts its calls."""

    calls = 0

    async def list_teams(self) -> list[Any]:
        self.calls += 1
        return []


async def test_a_batch_costs_one_call() -> None:
    project: Any = CountingProject()
    with pytest.raises(Invalid):
        await people.require(project, [f"E{number:03}" for number in range(500)])
    await people.require(project, [])
    assert project.calls == 1
