"""Holidays: those of a country, and the days that a project decides by itself."""

from datetime import date

import pytest

from domain_services.project.logic import holidays
from domain_services.project.logic.calendar import WorkCalendar
from domain_services.project.schema import CalendarChange, CalendarDay, CalendarDayPut
from tests.services.project.conftest import Office

INDEPENDENCE_DAY = date(2025, 7, 4)


async def test_us_holidays_come_by_default(office: Office) -> None:
    found = (await office.ask("GET", "/calendar/holidays?year=2025")).json()
    assert {"date": "2025-07-04", "name": "Independence Day", "source": "public"} in found
    assert [each["date"] for each in found] == sorted(each["date"] for each in found)
    assert (await office.ask("GET", "/calendar/holidays")).status_code == 200


async def test_a_country_and_its_subdivision_have_their_own(office: Office) -> None:
    germany = {each.name for each in await office.client.list_holidays(2025, "DE")}
    bavaria = {each.date for each in await office.client.list_holidays(2025, "DE", "BY")}
    assert "Independence Day" not in germany
    assert date(2025, 1, 6) in bavaria
    assert len(bavaria) > len(germany)


NO_CALENDARS = [
    "country=XX",
    "country=us",
    "country=US&subdivision=BY",
    "year=1969",
    "year=2101",
    "year=x",
    "project_id=P1&country=DE",
    "project_id=p1",
]


async def test_a_calendar_that_is_none_is_refused(staffed: Office) -> None:
    for query in NO_CALENDARS:
        answer = await staffed.ask("GET", f"/calendar/holidays?{query}")
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_project_adds_and_removes_holidays(staffed: Office) -> None:
    client = staffed.client
    day, party = INDEPENDENCE_DAY, date(2025, 7, 11)
    worked = await client.put_calendar_day("P1", day, CalendarDayPut(type="working_day"))
    assert worked == CalendarDay(date=day, type="working_day", name="Working day")
    await client.put_calendar_day("P1", party, CalendarDayPut(name="Company party"))
    of_project = {each.date: each for each in await client.list_holidays(2025, project_id="P1")}
    assert day not in of_project
    assert (of_project[party].name, of_project[party].source) == ("Company party", "project")
    assert len(of_project) == len(await client.list_holidays(2025))
    assert [each.date for each in await client.list_calendar_days("P1")] == [day, party]
    assert await client.list_calendar_days("P2") == []
    assert day in {each.date for each in await client.list_holidays(2025, project_id="P2")}


async def test_a_day_is_decided_again_or_left_to_the_country(staffed: Office) -> None:
    client = staffed.client
    for wanted in (CalendarDayPut(name="first"), CalendarDayPut(name="second")):
        await client.put_calendar_day("P1", INDEPENDENCE_DAY, wanted)
    assert [each.name for each in await client.list_calendar_days("P1")] == ["second"]
    assert (await client.delete_calendar_day("P1", INDEPENDENCE_DAY)).name == "second"
    found = {each.date: each.name for each in await client.list_holidays(2025, project_id="P1")}
    assert found[INDEPENDENCE_DAY] == "Independence Day"
    path = "/projects/P1/calendar/holidays/2025-07-04"
    assert (await staffed.ask("DELETE", path)).status_code == 404


async def test_own_days_need_a_project_and_a_day(staffed: Office) -> None:
    path = "/projects/{}/calendar/holidays"
    unknown = path.format("NONE")
    assert (await staffed.ask("GET", unknown)).status_code == 404
    assert (await staffed.ask("PUT", f"{unknown}/2025-07-04", {})).status_code == 404
    assert (await staffed.ask("DELETE", f"{unknown}/2025-07-04")).status_code == 404
    assert (await staffed.ask("GET", "/calendar/holidays?project_id=NONE")).status_code == 404
    for day in ("2025-02-30", "20250704", "1751587200", "1969-12-31", "2101-01-01", "x"):
        answer = await staffed.ask("PUT", f"{path.format('P1')}/{day}", {})
        assert answer.status_code == 400, day
    for body in ({"type": "feast"}, {"name": ""}, {"date": "2025-07-04"}, []):
        answer = await staffed.ask("PUT", f"{path.format('P1')}/2025-07-04", body)
        assert answer.status_code == 400, body
    assert await staffed.client.list_calendar_days("P1") == []


async def test_a_project_that_moves_keeps_its_own_days(staffed: Office) -> None:
    party = date(2025, 7, 11)
    await staffed.client.put_calendar_day("P1", party, CalendarDayPut())
    await staffed.client.change_calendar("P1", CalendarChange(country="DE"))
    found = {each.date for each in await staffed.client.list_holidays(2025, project_id="P1")}
    assert party in found
    assert date(2025, 10, 3) in found
    assert INDEPENDENCE_DAY not in found


@pytest.mark.parametrize(
    ("country", "day", "works"),
    [
        ("US", date(2025, 7, 6), False),  # a Sunday
        ("US", date(2026, 7, 3), False),  # observed, because the 4th is a Saturday
        ("IL", date(2025, 7, 4), False),  # a Friday
        ("IL", date(2025, 7, 6), True),  # a Sunday
        ("HU", date(2025, 5, 17), True),  # a Saturday, worked for the bridge of 2 May
        ("HU", date(2025, 5, 24), False),
    ],
)
def test_weekends_are_those_of_the_country(country: str, day: date, works: bool) -> None:
    assert WorkCalendar(country, None).is_working_day(day) is works


def test_a_year_is_computed_once() -> None:
    assert holidays.of_year("PT", None, 2031) is holidays.of_year("PT", None, 2031)
    assert holidays.of_year("PT", None, 2031) is not holidays.of_year("PT", None, 2032)
