"""Holidays: those of a country, and the days that a project decides by itself."""

from datetime import date

import pytest

from domain_services.project.logic import holidays
from domain_services.project.logic.calendar import WorkCalendar
from domain_services.project.schema import CalendarChange, CalendarDay, CalendarDayPut
from tests.services.project.conftest import Office

INDEPENDENCE_DAY = date(2025, 7, 4)


async def test_us_holidays_come_by_default(office: Office) -> None:
    holidays_of_2025 = (await office.request("GET", "/calendar/holidays?year=2025")).json()
    assert {
        "date": "2025-07-04",
        "name": "Independence Day",
        "source": "public",
    } in holidays_of_2025
    assert [holiday["date"] for holiday in holidays_of_2025] == sorted(
        holiday["date"] for holiday in holidays_of_2025
    )
    assert (await office.request("GET", "/calendar/holidays")).status_code == 200


async def test_country_and_subdivision_have_their_own_holidays(office: Office) -> None:
    germany = {holiday.name for holiday in await office.client.list_holidays(2025, "DE")}
    bavaria = {holiday.date for holiday in await office.client.list_holidays(2025, "DE", "BY")}
    assert "Independence Day" not in germany
    assert date(2025, 1, 6) in bavaria
    assert len(bavaria) > len(germany)


INVALID_QUERIES = [
    "country=XX",
    "country=us",
    "country=US&subdivision=BY",
    "year=1969",
    "year=2101",
    "year=x",
    "project_id=P1&country=DE",
    "project_id=p1",
]


async def test_invalid_calendar_query_is_refused(staffed: Office) -> None:
    for query in INVALID_QUERIES:
        answer = await staffed.request("GET", f"/calendar/holidays?{query}")
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_project_adds_and_removes_holidays(staffed: Office) -> None:
    client = staffed.client
    day, party = INDEPENDENCE_DAY, date(2025, 7, 11)
    worked = await client.put_calendar_day("P1", day, CalendarDayPut(type="working_day"))
    assert worked == CalendarDay(date=day, type="working_day", name="Working day")
    await client.put_calendar_day("P1", party, CalendarDayPut(name="Company party"))
    of_project = {
        holiday.date: holiday for holiday in await client.list_holidays(2025, project_id="P1")
    }
    assert day not in of_project
    assert (of_project[party].name, of_project[party].source) == ("Company party", "project")
    assert len(of_project) == len(await client.list_holidays(2025))
    assert [own.date for own in await client.list_calendar_days("P1")] == [day, party]
    assert await client.list_calendar_days("P2") == []
    assert day in {holiday.date for holiday in await client.list_holidays(2025, project_id="P2")}


async def test_own_day_is_changed_and_deleted(staffed: Office) -> None:
    client = staffed.client
    for day in (CalendarDayPut(name="first"), CalendarDayPut(name="second")):
        await client.put_calendar_day("P1", INDEPENDENCE_DAY, day)
    assert [own.name for own in await client.list_calendar_days("P1")] == ["second"]
    assert (await client.delete_calendar_day("P1", INDEPENDENCE_DAY)).name == "second"
    holidays_of_2025 = {
        holiday.date: holiday.name for holiday in await client.list_holidays(2025, project_id="P1")
    }
    assert holidays_of_2025[INDEPENDENCE_DAY] == "Independence Day"
    path = "/projects/P1/calendar/holidays/2025-07-04"
    assert (await staffed.request("DELETE", path)).status_code == 404


async def test_own_days_of_unknown_projects_and_invalid_days_are_refused(staffed: Office) -> None:
    path = "/projects/{}/calendar/holidays"
    unknown = path.format("NONE")
    assert (await staffed.request("GET", unknown)).status_code == 404
    assert (await staffed.request("PUT", f"{unknown}/2025-07-04", {})).status_code == 404
    assert (await staffed.request("DELETE", f"{unknown}/2025-07-04")).status_code == 404
    assert (await staffed.request("GET", "/calendar/holidays?project_id=NONE")).status_code == 404
    for day in ("2025-02-30", "20250704", "1751587200", "1969-12-31", "2101-01-01", "x"):
        answer = await staffed.request("PUT", f"{path.format('P1')}/{day}", {})
        assert answer.status_code == 400, day
    for body in ({"type": "feast"}, {"name": ""}, {"date": "2025-07-04"}, []):
        answer = await staffed.request("PUT", f"{path.format('P1')}/2025-07-04", body)
        assert answer.status_code == 400, body
    assert await staffed.client.list_calendar_days("P1") == []


async def test_a_project_that_moves_keeps_its_own_days(staffed: Office) -> None:
    party = date(2025, 7, 11)
    await staffed.client.put_calendar_day("P1", party, CalendarDayPut())
    await staffed.client.change_calendar("P1", CalendarChange(country="DE"))
    holidays_of_2025 = {
        holiday.date for holiday in await staffed.client.list_holidays(2025, project_id="P1")
    }
    assert party in holidays_of_2025
    assert date(2025, 10, 3) in holidays_of_2025
    assert INDEPENDENCE_DAY not in holidays_of_2025


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
