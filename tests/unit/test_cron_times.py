"""Due times of schedules, also over clock changes, and schedules that are never due."""

from datetime import UTC, date, datetime

import pytest

from tools.cron_times import clock_change_warning, explain_never, next_due, previous_due

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
