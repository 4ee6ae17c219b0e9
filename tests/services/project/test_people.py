"""People, and the teams that they are on."""

import asyncio

import pytest
from sqlalchemy import text

from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.database.database import Database
from domain_services.project.logic import people
from domain_services.project.schema import Assignment, EmployeeCreate
from tests.services.project.conftest import Office


async def test_person_is_read_as_created(office: Office) -> None:
    person = {"id": "E001", "name": "Ada", "email": "ada@example.org", "role": "developer"}
    answer = await office.request("POST", "/employees", person)
    assert (answer.status_code, answer.json()["employee_id"]) == (201, "E001")
    assert (await office.request("GET", "/employees/E001")).json() == person
    assert (await office.request("GET", "/employees/E002")).status_code == 404


async def test_only_one_of_simultaneous_people_gets_an_id(office: Office) -> None:
    racing = [office.request("POST", "/employees", {"id": "E1", "name": f"{n}"}) for n in range(6)]
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*racing))
    assert statuses == [201] + [409] * 5
    assert len(await office.client.list_teams()) == 1


INVALID_PEOPLE = [
    {},
    [],
    "E001",
    {"id": "E001"},
    {"id": "", "name": "a"},
    {"id": "a b", "name": "a"},
    {"id": "E001", "name": "  "},
    {"id": "E001", "name": 5},
    {"id": "E001", "name": "a", "salary": 1},
]


async def test_invalid_person_is_refused(office: Office) -> None:
    for body in INVALID_PEOPLE:
        answer = await office.request("POST", "/employees", body)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert await office.client.list_teams() == []


async def test_everybody_is_listed_by_id(staffed: Office) -> None:
    await staffed.client.create_employee(EmployeeCreate(id="A", name="on no team"))
    assert [person.id for person in await staffed.client.list_teams()] == ["A", "E001", "E002"]


async def test_assigning_again_changes_nothing(staffed: Office) -> None:
    body = Assignment(employee_ids=["E002", "E001", "E002"])
    again = await staffed.client.assign_team_members("P1", body)
    assert again.newly_assigned == []
    team = await staffed.client.list_team_members("P1")
    assert [person.id for person in team.team_members] == ["E001", "E002"]


async def test_unknown_people_are_named_and_nobody_is_assigned(staffed: Office) -> None:
    await staffed.client.create_employee(EmployeeCreate(id="E003", name="new"))
    assignment = {"employee_ids": ["E003", "GHOST", "SHADE"]}
    refused = await staffed.request("POST", "/projects/P2/team-members-assign", assignment)
    assert (refused.status_code, refused.json()["employee_ids"]) == (404, ["GHOST", "SHADE"])
    team = await staffed.client.list_team_members("P2")
    assert [person.id for person in team.team_members] == ["E001"]


async def test_an_unknown_project_has_no_team(staffed: Office) -> None:
    path = "/projects/NONE/team-members"
    assert (await staffed.request("GET", path)).status_code == 404
    refused = await staffed.request("POST", f"{path}-assign", {"employee_ids": ["E001"]})
    assert (refused.status_code, refused.json()["project_id"]) == (404, "NONE")
    for body in ({"employee_ids": []}, {"employee_ids": "E001"}, {}, ["E001"]):
        bad = await staffed.request("POST", "/projects/P1/team-members-assign", body)
        assert bad.status_code == 400


async def test_same_people_in_different_orders_do_not_deadlock(
    staffed: Office,
) -> None:
    for person in ("E003", "E004"):
        await staffed.client.create_employee(EmployeeCreate(id=person, name=person))
    database = Database(staffed.database_url, pool_size=3)
    async with database.transaction() as first, database.transaction() as second:
        await people.assign(first, "P1", ["E003"])
        waiting = asyncio.create_task(people.assign(second, "P1", ["E004", "E003"]))
        await _wait_for_a_blocked_lock(database)
        assert await people.assign(first, "P1", ["E004"]) == ["E004"]
        await first.commit()
        assert await waiting == []
    await database.close()


async def _wait_for_a_blocked_lock(database: Database) -> None:
    query = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with asyncio.timeout(20), database.reading() as connection:
        while not await connection.scalar(query):
            await asyncio.sleep(0.01)


async def test_client_raises_the_refusal_of_the_service(office: Office) -> None:
    with pytest.raises(PeerRefused) as refused:
        await office.client.get_employee("GHOST")
    assert refused.value.peer_status == 404


async def test_a_person_who_leaves_stays_known_and_on_other_teams(staffed: Office) -> None:
    removed = await staffed.client.remove_team_member("P1", "E001")
    assert (removed.project_id, removed.employee_id) == ("P1", "E001")
    assert "Open tasks keep the name" in removed.message
    team = (await staffed.client.list_team_members("P1")).team_members
    assert [person.id for person in team] == ["E002"]
    other = (await staffed.client.list_team_members("P2")).team_members
    assert [person.id for person in other] == ["E001"]
    assert (await staffed.client.get_employee("E001")).id == "E001"
    for path in ("P1/team-members/E001", "P1/team-members/E009", "NONE/team-members/E002"):
        answer = await staffed.request("DELETE", f"/projects/{path}")
        assert answer.status_code == 404, path
