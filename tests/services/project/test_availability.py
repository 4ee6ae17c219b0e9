"""Availability: conflicts, and capacity in the working days of a window."""

from datetime import date
from typing import Any

from domain_services.project.schema import (
    CalendarChange,
    CalendarDayPut,
    ProjectCreate,
    PtoCreate,
)
from tests.services.project.conftest import Office

MONDAY, FRIDAY = date(2025, 6, 30), date(2025, 7, 11)  # two weeks with Independence Day


def capacity(answer: dict[str, Any]) -> dict[str, int]:
    return {person["employee_id"]: person["working_days"] for person in answer["capacity"]}


async def check(office: Office, project_id: str = "P1", query: str = "") -> dict[str, Any]:
    query = query or f"start_date={MONDAY}&end_date={FRIDAY}"
    answer = await office.request("GET", f"/projects/{project_id}/availability/check?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_conflicts_are_named_by_date_and_capacity_by_person(staffed: Office) -> None:
    away = PtoCreate(start_date=date(2025, 7, 3), end_date=date(2025, 7, 8), reason="a trip")
    await staffed.client.add_pto("P1", "E002", away)
    answer = await check(staffed)
    # Of the leave the 4th is a holiday anyway, the 5th and 6th a weekend.
    assert [
        (conflict["date"], conflict["type"], conflict["reason"]) for conflict in answer["conflicts"]
    ] == [
        ("2025-07-03", "pto", "a trip"),
        ("2025-07-04", "holiday", "Independence Day"),
        ("2025-07-07", "pto", "a trip"),
        ("2025-07-08", "pto", "a trip"),
    ]
    assert (answer["status"], answer["working_days"]) == ("conflicts", 9)
    assert capacity(answer) == {"E001": 9, "E002": 6}
    assert answer["team_working_days"] == 15


async def test_a_free_window_is_available(staffed: Office) -> None:
    answer = await check(staffed, query="start_date=2025-03-03&end_date=2025-03-14")
    assert (answer["status"], answer["conflicts"]) == ("available", [])
    assert answer["team_working_days"] == 20
    weekend = await check(staffed, query="start_date=2025-03-08&end_date=2025-03-09")
    assert (weekend["status"], weekend["team_working_days"]) == ("unavailable", 0)


async def test_team_on_leave_as_a_whole_is_unavailable(staffed: Office) -> None:
    for person in ("E001", "E002"):
        await staffed.client.add_pto("P1", person, PtoCreate(start_date=MONDAY, end_date=FRIDAY))
    answer = await check(staffed)
    assert (answer["status"], answer["team_working_days"]) == ("unavailable", 0)
    assert answer["working_days"] == 9


async def test_capacity_without_a_team_is_null(office: Office) -> None:
    await office.client.create_project(ProjectCreate(id="P1", name="A project"))
    answer = await check(office)
    assert (answer["working_days"], answer["team_working_days"]) == (9, None)
    assert (answer["status"], answer["capacity"]) == ("conflicts", [])


async def test_own_days_of_the_project_count(staffed: Office) -> None:
    put = staffed.client.put_calendar_day
    await put("P1", date(2025, 7, 4), CalendarDayPut(type="working_day"))
    await put("P1", date(2025, 7, 5), CalendarDayPut(type="working_day", name="Release"))
    await put("P1", date(2025, 7, 1), CalendarDayPut(name="Company day"))
    await put("P1", date(2025, 7, 12), CalendarDayPut(name="outside the window"))
    answer = await check(staffed)
    assert answer["conflicts"] == [
        {"date": "2025-07-01", "type": "holiday", "reason": "Company day", "employee_id": None}
    ]
    assert answer["working_days"] == 10
    other = await check(staffed, "P2")
    assert (other["working_days"], capacity(other)) == (9, {"E001": 9})


async def test_weekend_and_holidays_are_those_of_the_projects_country(staffed: Office) -> None:
    await staffed.client.change_calendar("P1", CalendarChange(country="IL"))
    week = await check(staffed, query="start_date=2025-07-06&end_date=2025-07-12")  # from Sunday
    assert (week["working_days"], week["status"]) == (5, "available")
    thursday = await check(staffed, query="start_date=2025-07-04&end_date=2025-07-05")
    assert thursday["working_days"] == 0


async def test_without_dates_the_window_begins_on_the_projects_day(office: Office) -> None:
    body = ProjectCreate(id="P1", name="past", as_of=MONDAY)
    await office.client.create_project(body)
    await office.team("P1", "E001")
    for day in (MONDAY, date(2025, 7, 13), date(2025, 7, 14)):
        await office.client.add_pto("P1", "E001", PtoCreate(start_date=day, end_date=day))
    default = await check(office, query="country=ignored")
    assert (default["start_date"], default["end_date"]) == ("2025-06-30", "2025-07-13")
    assert capacity(default) == {"E001": 8}
    longer = await check(office, query="days=15")
    assert (longer["end_date"], capacity(longer)) == ("2025-07-14", {"E001": 8})
    assert longer["working_days"] == 10


async def test_leave_at_the_edges_of_a_window_from_today_counts(office: Office) -> None:
    for n, zone in enumerate(("Pacific/Kiritimati", "Pacific/Niue", "UTC")):
        project, person = f"P{n}", f"E{n}"
        await office.client.create_project(ProjectCreate(id=project, name="live", timezone=zone))
        await office.team(project, person)
        empty = await office.client.check_availability(project, days=7)
        edges = {empty.start_date, empty.end_date}
        for day in edges:
            worked = CalendarDayPut(type="working_day")
            await office.client.put_calendar_day(project, day, worked)
            away = PtoCreate(start_date=day, end_date=day)
            await office.client.add_pto(project, person, away)
        answer = await office.client.check_availability(project, days=7)
        assert {conflict.date for conflict in answer.conflicts if conflict.type == "pto"} == edges


INVALID_WINDOWS = [
    ("start_date=2025-07-02&end_date=2025-07-01", "before start_date"),
    ("start_date=2025-01-01&end_date=2026-01-02", "more than 366 days"),
    ("start_date=2025-07-01", "end_date is missing"),
    ("end_date=2025-07-01", "start_date is missing"),
    ("start_date=2025-07-01&days=3", "end_date is missing"),
    ("start_date=2025-07-01&end_date=2025-07-02&days=2", "days is for a window without"),
    ("start_date=2025-02-29&end_date=2025-03-01", "start_date"),
    ("start_date=1751328000&end_date=1751328000", "start_date"),
    ("start_date=9999-12-31&end_date=9999-12-31", "start_date"),
    ("start_date=0001-01-01&end_date=0001-01-02", "start_date"),
    ("start_date=&end_date=", "start_date"),
    ("days=0", "days"),
    ("days=367", "days"),
]


async def test_invalid_window_is_refused(staffed: Office) -> None:
    for query, reason in INVALID_WINDOWS:
        answer = await staffed.request("GET", f"/projects/P1/availability/check?{query}")
        assert answer.status_code == 400
        assert reason in answer.json()["detail"]


async def test_an_unknown_project_has_no_availability(staffed: Office) -> None:
    answer = await staffed.request("GET", "/projects/NONE/availability/check")
    assert answer.status_code == 404
    longest = await check(staffed, query="start_date=2100-01-01&end_date=2100-12-31")
    assert longest["status"] == "conflicts"


async def test_availability_says_what_a_decision_needs_of_the_project(office: Office) -> None:
    body = ProjectCreate(
        id="P1", name="past", as_of=MONDAY, status="inactive", progress_mode="reported"
    )
    await office.client.create_project(body)
    await office.client.create_project(ProjectCreate(id="P2", name="live"))
    past = await office.client.check_availability("P1")
    assert (past.clock, past.today, past.project_status) == ("held", MONDAY, "inactive")
    assert past.progress_mode == "reported"
    july = [date(2025, 7, day) for day in (1, 2, 3, 7, 8, 9, 10, 11)]  # the 4th is a holiday
    assert past.work_days == [MONDAY, *july]
    live = await office.client.check_availability("P2", MONDAY, FRIDAY)
    assert (live.clock, live.project_status) == ("live", "active")
    assert live.today == (await office.client.get_project("P2")).today
    assert (live.progress_mode, live.work_days) == ("simulated", past.work_days)
