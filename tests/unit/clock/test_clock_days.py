"""Days on which a schedule fires, in the project's time zone."""

from datetime import date

import pytest

from agent.clock.days import scrum_days
from tools.cronjobs import CronJob

MONDAY, SUNDAY = date(2016, 6, 6), date(2016, 6, 19)


def days_of(*schedules: str, timezone: str = "UTC", first: date = MONDAY) -> list[int]:
    jobs = [
        CronJob(
            name=f"run-dailyscrum-p1-s{number:02d}",
            project_id="P1",
            sprint_id="P1-S01",
            schedule=schedule,
            timezone=timezone,
            ends_on=SUNDAY,
        )
        for number, schedule in enumerate(schedules)
    ]
    return [day.day for day in scrum_days(jobs, timezone, first, SUNDAY)]


@pytest.mark.parametrize(
    ("schedule", "days"),
    [
        ("0 14 * * 1-5", [6, 7, 8, 9, 10, 13, 14, 15, 16, 17]),
        ("0 9 * * 1", [6, 13]),
        ("0 0 * * *", list(range(6, 20))),
        ("59 23 * * *", list(range(6, 20))),
        ("* * * * *", list(range(6, 20))),
        ("0 9,15 * * 3", [8, 15]),
        ("0 9 1 1 *", []),
        ("0 9 29 2 *", []),
    ],
)
def test_a_schedule_fires_on_its_days(schedule: str, days: list[int]) -> None:
    assert days_of(schedule) == days


def test_two_schedules_of_one_day_are_one_scrum() -> None:
    assert days_of("0 9 * * 1", "0 15 * * 1,2") == [6, 7, 13, 14]


def test_days_are_those_of_the_projects_zone() -> None:
    for timezone in ("Pacific/Kiritimati", "Pacific/Niue", "America/New_York"):
        assert days_of("30 0 * * 1", timezone=timezone) == [6, 13]


def test_a_day_without_midnight_is_a_day() -> None:
    # In Beirut the clock went from midnight to one o'clock on that day.
    jobs = [
        CronJob(
            name="run-dailyscrum-p1-s01",
            project_id="P1",
            sprint_id="P1-S01",
            schedule="30 9 * * *",
            timezone="Asia/Beirut",
            ends_on=date(2016, 3, 28),
        )
    ]
    first, last = date(2016, 3, 26), date(2016, 3, 28)
    assert [day.day for day in scrum_days(jobs, "Asia/Beirut", first, last)] == [26, 27, 28]


def test_no_schedule_and_no_days_hold_no_scrum() -> None:
    assert days_of() == []
    assert days_of("0 9 * * *", first=date(2016, 6, 20)) == []
