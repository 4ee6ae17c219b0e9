"""Everybody on a task joins the team, with the address that the file tells."""

from datetime import date
from pathlib import Path

import pytest

from tests.agent.imports import ImportRoom
from tests.graphs.conftest import System

HEAD = "id,project,created_at,closed_at,assignees"
DAY = date(2024, 3, 18)


@pytest.fixture
def room(whole: System, tmp_path: Path) -> ImportRoom:
    return ImportRoom(whole, tmp_path)


async def team(room: ImportRoom) -> dict[str, str | None]:
    """Return the addresses of the team's people by their names."""
    team = await room.clients.project.list_team_members("SHOP")
    people = {person.id: person for person in await room.clients.project.list_teams()}
    return {people[member.id].name: people[member.id].email for member in team.team_members}


async def test_everybody_on_a_task_is_on_the_team_and_counts_for_its_capacity(
    room: ImportRoom,
) -> None:
    rows = (
        '1,shop,2024-03-01,2024-03-06,"person-a, person-b"',
        "2,shop,2024-03-02,,person-c",
        '3,shop,2024-03-03,,"person-a, person-b"',
    )
    result = await room.load("\n".join((HEAD, *rows)), as_of=DAY)
    assert result.members == 3
    assert await team(room) == {"person-a": None, "person-b": None, "person-c": None}
    availability = await room.clients.project.check_availability("SHOP", DAY, DAY)
    assert len(availability.capacity) == 3
    owners = {key: owner for key, (_, _, owner) in (await room.tasks("SHOP")).items()}
    assert owners == {"2": "person-c", "3": "person-a"}


async def test_address_of_an_assignee_is_kept_whichever_row_tells_it(room: ImportRoom) -> None:
    text = (
        "id,project,created,assignee,assignee email\n"
        "1,shop,2024-03-01,Ann Li,\n"
        "2,shop,2024-03-02,Ann Li,ann@example.org\n"
        "3,shop,2024-03-03,Bo Ek <bo@example.org>,\n"
        "4,shop,2024-03-04,Cy Day,not an address\n"
    )
    await room.load(text, as_of=DAY)
    assert await team(room) == {
        "Ann Li": "ann@example.org",
        "Bo Ek": "bo@example.org",
        "Cy Day": None,
    }


async def test_person_who_joins_a_task_later_joins_the_team(room: ImportRoom) -> None:
    await room.load(f"{HEAD}\n1,shop,2024-03-01,,person-a\n", as_of=DAY)
    text = f'{HEAD}\n1,shop,2024-03-01,,"person-a, person-b"\n'
    again = await room.load(text, as_of=DAY)
    assert (again.members, again.updated) == (1, 0)
    assert list(await team(room)) == ["person-a", "person-b"]
    assert not (await room.load(text, as_of=DAY)).changed
