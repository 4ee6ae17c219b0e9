"""People, and the teams that they are on."""

import asyncio

import pytest
from sqlalchemy import text

from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.database.database import Database
from domain_services.project.logic import people
from domain_services.project.schema import Assignment, EmployeeCreate
from tests.services.project.conftest import Office


async def test_a_person_is_found_as_given(office: Office) -> None:
    given = {"id": "E001", "name": "Ada", "email": "ada@example.org", "role": "developer"}
    made = await office.ask("POST", "/employees", given)
    assert (made.status_code, made.json()["employee_id"]) == (201, "E001")
    assert (await office.ask("GET", "/employees/E001")).json() == given
    assert (await office.ask("GET", "/employees/E002")).status_code == 404


async def test_an_employee_id_is_taken_once(office: Office) -> None:
    racing = [office.ask("POST", "/employees", {"id": "E1", "name": f"{n}"}) for n in range(6)]
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*racing))
    assert statuses == [201] + [409] * 5
    assert len(await office.client.list_teams()) == 1


NO_PEOPLE = [
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


async def test_who_is_no_person_is_refused(office: Office) -> None:
    for body in NO_PEOPLE:
        answer = await office.ask("POST", "/employees", body)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert await office.client.list_teams() == []


async def test_everybody_is_listed_by_id(staffed: Office) -> None:
    await staffed.client.create_employee(EmployeeCreate(id="A", name="on no team"))
    assert [each.id for each in await staffed.client.list_teams()] == ["A", "E001", "E002"]


async def test_assigning_again_changes_nothing(staffed: Office) -> None:
    body = Assignment(employee_ids=["E002", "E001", "E002"])
    again = await staffed.client.assign_team_members("P1", body)
    assert again.newly_assigned == []
    team = await staffed.client.list_team_members("P1")
    assert [each.id for each in team.team_members] == ["E001", "E002"]


async def test_whoever_is_unknown_is_named_and_nobody_is_assigned(staffed: Office) -> None:
    await staffed.client.create_employee(EmployeeCreate(id="E003", name="new"))
    wanted = {"employee_ids": ["E003", "GHOST", "SHADE"]}
    refused = await staffed.ask("POST", "/projects/P2/team-members-assign", wanted)
    assert (refused.status_code, refused.json()["employee_ids"]) == (404, ["GHOST", "SHADE"])
    team = await staffed.client.list_team_members("P2")
    assert [each.id for each in team.team_members] == ["E001"]


async def test_an_unknown_project_has_no_team(staffed: Office) -> None:
    path = "/projects/NONE/team-members"
    assert (await staffed.ask("GET", path)).status_code == 404
    refused = await staffed.ask("POST", f"{path}-assign", {"employee_ids": ["E001"]})
    assert (refused.status_code, refused.json()["project_id"]) == (404, "NONE")
    for body in ({"employee_ids": []}, {"employee_ids": "E001"}, {}, ["E001"]):
        bad = await staffed.ask("POST", "/projects/P1/team-members-assign", body)
        assert bad.status_code == 400


async def test_lists_of_the_same_people_in_other_orders_do_not_block_each_other(
    staffed: Office,
) -> None:
    for person in ("E003", "E004"):
        await staffed.client.create_employee(EmployeeCreate(id=person, name=person))
    database = Database(staffed.database_url, pool_size=3)
    async with database.transaction() as first, database.transaction() as second:
        await people.assign(first, "P1", ["E003"])
        waiting = asyncio.create_task(people.assign(second, "P1", ["E004", "E003"]))
        await _until_somebody_waits(database)
        assert await people.assign(first, "P1", ["E004"]) == ["E004"]
        await first.commit()
        assert await waiting == []
    await database.close()


async def _until_somebody_waits(database: Database) -> None:
    waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with asyncio.timeout(20), database.reading() as connection:
        while not await connection.scalar(waits):
            await asyncio.sleep(0.01)


async def test_the_client_raises_what_the_service_refuses(office: Office) -> None:
    with pytest.raises(PeerRefused) as refused:
        await office.client.get_employee("GHOST")
    assert refused.value.peer_status == 404
