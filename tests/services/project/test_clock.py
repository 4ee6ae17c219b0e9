"""Clock of a project: live, held at a day, moved on, and each refusal."""

import asyncio
from datetime import date, timedelta

import psycopg

from domain_services.project.schema import ClockMove, ProjectCreate
from tests.services.project.conftest import Office

HELD_AT = date(2016, 6, 6)


async def create(office: Office, as_of: date | None = HELD_AT, timezone: str = "UTC") -> None:
    body = ProjectCreate(id="P1", name="A project", as_of=as_of, timezone=timezone)
    await office.client.create_project(body)


async def test_a_project_says_whether_it_follows_the_clock(office: Office) -> None:
    await create(office)
    await office.client.create_project(ProjectCreate(id="P2", name="live"))
    past, live = [await office.client.get_project(project_id) for project_id in ("P1", "P2")]
    assert (past.clock, past.today) == ("held", HELD_AT)
    assert live.clock == "live"
    shown = await office.client.get_clock("P1")
    assert (shown.clock, shown.today, shown.previous_day) == ("held", HELD_AT, HELD_AT)
    assert "held at 2016-06-06" in shown.message
    shown = await office.client.get_clock("P2")
    assert (shown.clock, shown.today) == ("live", shown.previous_day)
    assert "follows the clock" in shown.message
    assert (await office.request("GET", "/projects/NONE/clock")).status_code == 404


async def test_a_held_project_moves_on_and_stays_held(office: Office) -> None:
    await create(office)
    moved = await office.client.move_clock("P1", ClockMove(to=date(2016, 6, 20)))
    assert (moved.clock, moved.today) == ("held", date(2016, 6, 20))
    assert moved.previous_day == HELD_AT
    again = await office.client.move_clock("P1", ClockMove(to=date(2016, 6, 20)))
    assert (again.today, again.previous_day) == (date(2016, 6, 20), date(2016, 6, 20))
    assert (await office.client.get_project("P1")).as_of == date(2016, 6, 20)


async def test_a_project_moved_to_the_real_day_is_still_held(office: Office) -> None:
    await create(office)
    await office.client.create_project(ProjectCreate(id="P2", name="live"))
    # Midnight may pass between the two calls; the day before has begun either way.
    real_today = (await office.client.get_project("P2")).today
    moved = await office.client.move_clock("P1", ClockMove(to=real_today))
    assert (moved.clock, moved.today) == ("held", real_today)


async def test_a_released_project_follows_the_clock(office: Office) -> None:
    await create(office)
    released = await office.client.move_clock("P1", ClockMove(live=True))
    assert (released.clock, released.previous_day) == ("live", HELD_AT)
    assert released.today > HELD_AT
    assert (await office.client.get_project("P1")).as_of is None
    again = await office.client.move_clock("P1", ClockMove(live=True))
    assert (again.clock, again.previous_day) == ("live", again.today)


async def test_a_refused_move_changes_nothing(office: Office) -> None:
    await create(office)
    before = await office.client.get_project("P1")
    for body, status, code in (
        ({"to": "2016-06-05"}, 409, "clock_moves_back"),
        ({"to": "2100-12-31"}, 422, "day_not_reached"),
        ({"to": "2016-06-07", "live": True}, 400, "invalid"),
        ({"to": "next-sprint"}, 400, "invalid"),
        ({"to": 1465171200}, 400, "invalid"),
        ({"to": None}, 400, "invalid"),
        ({"live": False}, 400, "invalid"),
        ({"live": None}, 400, "invalid"),
        ({}, 400, "invalid"),
        ([], 400, "invalid"),
    ):
        answer = await office.request("PUT", "/projects/P1/clock", body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), body
        assert await office.client.get_project("P1") == before
    unknown = await office.request("PUT", "/projects/NONE/clock", {"to": "2016-06-07"})
    assert unknown.status_code == 404


async def test_a_project_that_follows_the_clock_is_not_moved_to_a_day(office: Office) -> None:
    await create(office, as_of=None)
    today = (await office.client.get_project("P1")).today
    for day in (today - timedelta(days=1), today + timedelta(days=2)):
        answer = await office.request("PUT", "/projects/P1/clock", {"to": day.isoformat()})
        assert (answer.status_code, answer.json()["code"]) == (409, "clock_is_live")
        assert "follows the clock" in answer.json()["detail"]
        assert (await office.client.get_project("P1")).clock == "live"


async def test_the_last_day_is_the_one_of_the_projects_zone(office: Office) -> None:
    # It is never the same day in these two zones, and the first is always ahead.
    east, west = "Pacific/Kiritimati", "Pacific/Niue"
    await office.client.create_project(ProjectCreate(id="P2", name="east", timezone=east))
    await create(office, timezone=west)
    ahead = (await office.client.get_project("P2")).today
    answer = await office.request("PUT", "/projects/P1/clock", {"to": ahead.isoformat()})
    assert answer.status_code == 422
    last_day = date.fromisoformat(answer.json()["last_day"])
    assert last_day < ahead
    assert (await office.client.move_clock("P1", ClockMove(to=last_day))).today == last_day


async def test_a_project_held_at_a_day_to_come_is_not_released_backwards(office: Office) -> None:
    await create(office)
    # Earlier releases let a project be created at such a day.
    url = office.database_url.replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute("UPDATE projects SET as_of = '2100-12-31'")
    answer = await office.request("PUT", "/projects/P1/clock", {"live": True})
    assert (answer.status_code, answer.json()["code"]) == (409, "clock_moves_back")
    assert (await office.client.get_project("P1")).as_of == date(2100, 12, 31)


async def test_simultaneous_moves_never_go_back(office: Office) -> None:
    await create(office)
    days = [HELD_AT + timedelta(days=n) for n in range(1, 9)]
    answers = await asyncio.gather(
        *(office.request("PUT", "/projects/P1/clock", {"to": f"{day}"}) for day in days)
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert (await office.client.get_project("P1")).today == days[-1]
