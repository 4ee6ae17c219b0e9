"""Due times of schedules, also over clock changes, and schedules that are never due."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tools.cron_times import (
    clock_change_warning,
    explain_never,
    may_be_skipped,
    next_due,
    previous_due,
)

BERLIN = "Europe/Berlin"


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def test_next_due_time_is_in_the_zone_of_the_schedule() -> None:
    # A Saturday; summer time begins on the night to Sunday.
    assert next_due("0 9 * * 1-5", BERLIN, utc(2025, 3, 29)) == utc(2025, 3, 31, 7)
    assert next_due("0 9 * * *", BERLIN, utc(2025, 3, 29, 8)) == utc(2025, 3, 29, 8)


def test_day_after_the_end_has_no_due_time() -> None:
    evening = utc(2025, 3, 28, 20)
    assert next_due("0 9 * * *", BERLIN, evening, date(2025, 3, 28)) is None
    assert next_due("0 9 * * *", BERLIN, evening, date(2025, 3, 29)) == utc(2025, 3, 29, 8)
    assert previous_due("0 9 * * *", BERLIN, evening, date(2025, 3, 20)) == utc(2025, 3, 20, 8)


def test_skipped_and_repeated_hours_are_due_once() -> None:
    # 02:30 does not exist on 30 March, and comes twice on 26 October.
    assert next_due("30 2 * * *", BERLIN, utc(2025, 3, 30)) == utc(2025, 3, 30, 1)
    first = next_due("30 2 * * *", BERLIN, utc(2025, 10, 26))
    assert first == utc(2025, 10, 26, 0, 30)
    assert next_due("30 2 * * *", BERLIN, utc(2025, 10, 26, 0, 31)) == utc(2025, 10, 27, 1, 30)


@pytest.mark.parametrize(
    ("schedule", "today", "warning"),
    [
        ("30 2 * * *", date(2025, 3, 1), "On 2025-03-30 there is no 02:30 in Europe/Berlin"),
        ("30 2 * * *", date(2025, 5, 1), "On 2025-10-26 02:30 comes twice in Europe/Berlin"),
        ("30 2 * * 1-5", date(2025, 3, 1), None),  # clocks change on Sundays
        ("0 14 * * *", date(2025, 3, 1), None),
        ("*/30 * * * *", date(2025, 3, 1), None),
    ],
)
def test_time_in_a_clock_change_gets_a_warning(
    schedule: str, today: date, warning: str | None
) -> None:
    text = clock_change_warning(schedule, BERLIN, today)
    assert text is None if warning is None else text is not None and text.startswith(warning)
    assert clock_change_warning(schedule, "UTC", today) is None


def test_schedule_that_is_never_due_is_explained() -> None:
    now = utc(2025, 3, 28, 15)
    impossible = explain_never("0 8 30 2 *", "UTC", now)
    assert impossible == ("no day matches its schedule (Each year on 30 February at 08:00, UTC)")
    assert explain_never("0 8 29 2 *", "UTC", now) is None
    over = explain_never("0 14 * * *", "UTC", now, date(2025, 3, 28))
    assert over == (
        "its schedule (Every day at 14:00, UTC) does not come any more up to 2025-03-28"
    )


# Days of 2026 on which the clock changes: by an hour, by half an hour, at midnight, and so that the
# last hour of the day does not exist.
CHANGES = {
    BERLIN: (date(2026, 3, 29), date(2026, 10, 25)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),
    "Africa/Cairo": (date(2026, 4, 24), date(2026, 10, 29)),
    "America/Santiago": (date(2026, 4, 4), date(2026, 9, 6)),
    "Asia/Beirut": (date(2026, 3, 29), date(2026, 10, 24)),
    "America/Nuuk": (date(2026, 3, 28), date(2026, 10, 24)),
    "Antarctica/Troll": (date(2026, 3, 29), date(2026, 10, 25)),
}
TIMES = ("0 0", "30 0", "0 1", "15 1", "45 1", "0 2", "15 2", "30 2", "0 14", "0 23", "30 23")


def due_days(schedule: str, zone: ZoneInfo, first: date, last: date) -> Iterator[date]:
    """Yield the local day of each due time, and check that it is found backwards too."""
    moment = datetime.combine(first, datetime.min.time(), tzinfo=zone).astimezone(UTC)
    while due := next_due(schedule, zone.key, moment, last):
        for later in (timedelta(), timedelta(minutes=1), timedelta(minutes=61)):
            assert previous_due(schedule, zone.key, due + later) == due
        yield due.astimezone(zone).date()
        moment = due + timedelta(seconds=1)


@pytest.mark.parametrize("timezone", CHANGES)
def test_each_local_day_has_one_due_time_across_a_change_of_the_clock(timezone: str) -> None:
    for change in CHANGES[timezone]:
        days = [change + timedelta(days=offset) for offset in range(-2, 3)]
        for time in TIMES:
            due = list(due_days(f"{time} * * *", ZoneInfo(timezone), days[0], days[-1]))
            assert due == days, f"{time} around {change}"


@pytest.mark.parametrize(
    ("schedule", "timezone", "day", "is_possible"),
    [
        # Its own time does not exist.
        ("30 2 * * *", BERLIN, date(2026, 3, 29), True),
        ("30 23 * * *", "America/Nuuk", date(2026, 3, 28), True),
        # Whole hours from the midnight before end in the middle of an hour.
        ("0 14 * * *", "Australia/Lord_Howe", date(2026, 4, 5), True),
        ("0 0 * * *", "Australia/Lord_Howe", date(2026, 4, 6), True),
        # Whole days from a weekday before come to a midnight that does not exist.
        ("0 14 * * 0", "Asia/Beirut", date(2026, 3, 29), True),
        # A day later Kubernetes counts right again.
        ("30 2 * * *", BERLIN, date(2026, 3, 31), False),
        ("0 14 * * *", "Australia/Lord_Howe", date(2026, 4, 6), False),
        ("0 14 * * *", "UTC", date(2026, 3, 29), False),
    ],
)
def test_times_that_kubernetes_may_skip_are_known(
    schedule: str, timezone: str, day: date, is_possible: bool
) -> None:
    midnight = datetime.combine(day, datetime.min.time(), tzinfo=ZoneInfo(timezone))
    due = next_due(schedule, timezone, midnight)
    assert due is not None
    assert due.astimezone(ZoneInfo(timezone)).date() == day
    assert may_be_skipped(schedule, timezone, due) == is_possible


def test_time_of_a_missing_last_hour_runs_on_its_own_day() -> None:
    due = next_due("30 23 * * *", "America/Nuuk", utc(2026, 3, 28, 12))
    assert due == utc(2026, 3, 29, 0, 59)  # 22:59 there; a minute later it is midnight
    assert next_due("30 23 * * *", "America/Nuuk", utc(2026, 3, 29, 1)) == utc(2026, 3, 30, 0, 30)
    warning = clock_change_warning("30 23 * * *", "America/Nuuk", date(2026, 3, 1))
    assert warning == "On 2026-03-28 there is no 23:30 in America/Nuuk: it then runs early."


@pytest.mark.parametrize(
    ("schedule", "first", "second"),
    [
        ("0 9 10-10/2 * *", utc(2026, 3, 10, 9), utc(2026, 4, 10, 9)),
        ("0 9 * 6-6/2 *", utc(2026, 6, 1, 9), utc(2026, 6, 2, 9)),
        ("0 9 * * 3-3/2", utc(2026, 3, 4, 9), utc(2026, 3, 11, 9)),
        ("5-5/10 * * * *", utc(2026, 3, 1, 0, 5), utc(2026, 3, 1, 1, 5)),
        ("0 9 */10 * *", utc(2026, 3, 1, 9), utc(2026, 3, 11, 9)),
    ],
)
def test_step_in_a_range_of_one_number_is_that_number(
    schedule: str, first: datetime, second: datetime
) -> None:
    assert next_due(schedule, "UTC", utc(2026, 3, 1)) == first
    assert next_due(schedule, "UTC", first + timedelta(minutes=1)) == second
