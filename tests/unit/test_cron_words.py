"""Cron schedules in words, and the one dialect that is accepted."""

import pytest

from domain_services.kernel.errors import Invalid
from tools.cron_dialect import parse_schedule
from tools.cron_words import describe_schedule


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("0 8 * * 1-5", "Monday to Friday at 08:00"),
        ("0 14 * * mon-fri", "Monday to Friday at 14:00"),
        ("30 9 * * *", "Every day at 09:30"),
        ("0 8 * * 1", "Every Monday at 08:00"),
        ("0 8 * * 0,6", "Saturday and Sunday at 08:00"),
        ("0 8 * * 1,3,5", "Monday, Wednesday and Friday at 08:00"),
        ("0 8,14 * * 2-4", "Tuesday to Thursday at 08:00 and 14:00"),
        ("*/15 * * * *", "Every day every 15 minutes"),
        ("* * * * *", "Every day every minute"),
        ("5 * * * *", "Every day every hour at minute 5"),
        ("*/15 8-17 * * 1-5", "Monday to Friday every 15 minutes from 08:00 to 17:45"),
        ("0,30 1-8/7,20,22 * * *", "Every day every 30 minutes in the hours 1, 8, 20 and 22"),
        ("0,20 1-4 * * *", "Every day every hour at minutes 0 and 20 from 01:00 to 04:20"),
        ("0 */2 * * *", "Every day every 2 hours from 00:00 to 22:00"),
        ("0 8 1 * *", "On day 1 of each month at 08:00"),
        ("0 8 1,15 3 *", "On days 1 and 15 of March at 08:00"),
        ("0 8 30 2 *", "Each year on 30 February at 08:00"),
        ("0 8 * 6-8 1", "Every Monday in June to August at 08:00"),
        (" 0\t8  * *  Mon ", "Every Monday at 08:00"),
    ],
)  # fmt: skip
def test_schedule_is_said_in_words(schedule: str, words: str) -> None:
    assert describe_schedule(schedule, "Europe/Berlin") == f"{words}, Europe/Berlin"


def test_stored_schedule_of_another_dialect_is_quoted() -> None:
    assert describe_schedule("0 8 * * 7", "UTC") == "at '0 8 * * 7', UTC"


@pytest.mark.parametrize(
    ("schedule", "hint"),
    [
        ("0 8 * * 7", "write 0"),
        ("0 8 * *", "4 fields; write five"),
        ("0 0 8 * * 1-5", "6 fields; write five"),
        ("@daily", "write five fields"),
        ("TZ=UTC 0 8 * * *", "leave the time zone out"),
        ("CRON_TZ=UTC 0 8 * * *", "leave the time zone out"),
        ("0 8 * * 1#2", "e.g. 1-7"),
        ("0 8 L * *", "e.g. 28"),
        ("0 8 * * 5L", "e.g. 28"),
        ("0 8 LW * *", "e.g. 1-5"),
        ("0 8 15W * *", "e.g. 1-5"),
        ("0 8 ? * 1", "write * instead"),
        ("H 8 * * *", "write a number"),
        ("60 8 * * *", "write 0 to 59"),
        ("0 24 * * *", "write 0 to 23"),
        ("0 8 0 * *", "write 1 to 31"),
        ("0 8 * JULY *", "write 1 to 12 or JAN to DEC"),
        ("0 8 1 * 1", "write * for one of the two"),
        ("0 8 */2 * 1-5", "write * for one of the two"),
        ("0 8 * * 5-1", "write 5-6,0-1"),
        ("0 8 * * fri-sun", "write FRI-6,0-SUN"),
        ("0 8 * * 1/2", "write 1-6/2"),
        ("*/0 8 * * *", "write 1 or more"),
        ("*/x 8 * * *", "write e.g. */2"),
        ("1,*,3 8 * * *", "write * alone"),
        ("-5 8 * * *", "write 0 to 59"),
        ("٣ 8 * * *", "write 0 to 59"),
        ("0 9 * * \u017fun", "write 0 to 6"),
        ("0 9\x1c* * *", "write five"),
        ("0 9 * * *\n- image: evil", "write five"),
        ("0\u00a09 * * *", "write five"),
        ("", "write five"),
    ],
)
def test_schedule_of_another_dialect_is_refused_with_what_to_write(
    schedule: str, hint: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_schedule(schedule)
    assert hint in refusal.value.detail


def test_numbers_of_each_field_are_read() -> None:
    cron = parse_schedule("*/20 8-10 1,15-16 jan,12 *")
    assert cron.minutes == (0, 20, 40)
    assert cron.hours == (8, 9, 10)
    assert cron.days == (1, 15, 16)
    assert cron.months == (1, 12)
    assert cron.weekdays == (0, 1, 2, 3, 4, 5, 6)
