"""Detection of a column's date format, and parsing of its days."""

from collections.abc import Callable, Iterable
from datetime import date, time
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agent.importing.dates.clock import time_of_day
from agent.importing.dates.file_dates import DetectedDates, FileDates
from agent.importing.dates.formats import FORMATS, DateFormat, date_format, is_no_date
from agent.importing.errors import CsvRefused

DAY = date(2016, 6, 13)
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
WRITERS: dict[str, Callable[[date], str]] = {
    "Y-m-d": lambda day: day.isoformat(),
    "d/m/Y": lambda day: f"{day.day}/{day.month:02}/{day.year}",
    "m/d/Y": lambda day: f"{day.month}/{day.day:02}/{day.year}",
    "d.m.Y": lambda day: f"{day.day:02}.{day.month}.{day.year}",
    "Y/m/d": lambda day: f"{day.year}/{day.month}/{day.day}",
    "d/MMM/yy": lambda day: f"{day.day:02}/{MONTHS[day.month - 1]}/{day.year % 100:02} 9:15 AM",
}
days = st.dates(date(1970, 1, 1), date(2068, 12, 31))


def detect(texts: Iterable[str]) -> DetectedDates:
    dates = FileDates(["created"], today=date(2069, 1, 1))
    for text in texts:
        dates.add({"created": text})
    return dates.detect()["created"]


@pytest.mark.parametrize("date_form", FORMATS, ids=lambda date_form: date_form.name)
def test_format_parses_its_own_example(date_form: DateFormat) -> None:
    assert date_form.parse(date_form.example) == DAY


@pytest.mark.parametrize(
    "text",
    [
        "2016-06-13",
        "2016-06-13 09:15",
        "2016-06-13T09:15:00",
        "2016-06-13T23:59:59.123Z",
        "2016-06-13T23:30:00.000+0000",
        "2016-06-13T23:30:00-05:00",
        "2016-06-13 09:15:00 UTC",
        "13/06/2016 14:30",
        "13.06.2016 14:30:01",
        "2016/6/13 12:00 pm",
        "13/Jun/16",
        "13/JUN/2016 9:15\u202fPM",
    ],
)
def test_date_with_or_without_a_time_is_the_day_as_written(text: str) -> None:
    detected = detect([text])
    assert detected.format is not None
    assert detected.format.parse(text) == DAY


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "2016-06-31",
        "2016-13-01",
        "2016-06-13T24:00",
        "2016-06-13 13:15 PM",
        "2016-06-13 0:15 AM",
        "2016-06-13T09:60",
        "2016-06-13 trailing",
        "13/Foo/16",
        "31/02/2016",
        "201606",
        "\u0662\u0660\u0661\u0666-06-13",
        "2016-06-13\n",
    ],
)
def test_other_text_is_not_a_date(text: str) -> None:
    detected = detect([text])
    assert (detected.format, detected.parsed, detected.values) == (None, 0, 1)


def test_two_digit_years_from_69_are_of_the_last_century() -> None:
    jira = date_format("d/MMM/yy")
    assert jira.parse("01/Jan/68") == date(2068, 1, 1)
    assert jira.parse("01/Jan/69") == date(1969, 1, 1)


def test_one_day_over_twelve_decides_between_day_and_month_first() -> None:
    assert detect(["01/02/2016", "13/02/2016"]).format is date_format("d/m/Y")
    detected = detect(["01/02/2016", "02/13/2016"])
    assert detected.format is date_format("m/d/Y")
    assert not detected.ambiguous


def test_column_that_reads_both_ways_is_ambiguous_and_read_day_first() -> None:
    detected = detect(["01/02/2016", "12/12/2016"])
    assert detected.format is date_format("d/m/Y")
    assert detected.ambiguous


def test_column_with_contradicting_values_is_refused() -> None:
    detected = detect(["13/02/2016", "14/02/2016", "02/13/2016", "02/14/2016"])
    assert detected.format is None
    assert detected.fault
    assert "'02/13/2016' in 1 row" in detected.fault


def test_column_whose_days_equal_their_months_is_not_ambiguous() -> None:
    assert not detect(["01/01/2016", "06/06/2016"]).ambiguous


def test_format_that_reads_the_most_values_is_chosen() -> None:
    detected = detect(["2016-06-13", "13.06.2016", "14.06.2016"])
    assert detected.format is date_format("d.m.Y")
    assert (detected.parsed, detected.values) == (2, 3)
    assert (detected.first, detected.last) == (DAY, date(2016, 6, 14))


def test_column_without_values_has_no_format() -> None:
    assert detect([]).format is None


def test_unknown_format_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(CsvRefused, match=r"'foo'.*Y-m-d.*d/MMM/yy"):
        date_format("foo")


@given(st.sampled_from(sorted(WRITERS)), st.lists(days, min_size=1, max_size=20))
def test_days_written_in_a_format_are_parsed_back(name: str, dates: list[date]) -> None:
    texts = [WRITERS[name](day) for day in dates]
    assert [date_format(name).parse(text) for text in texts] == dates


@given(st.sampled_from(sorted(WRITERS)), st.lists(days, min_size=1, max_size=20))
def test_format_is_detected_from_days_that_decide_it(name: str, dates: list[date]) -> None:
    assume(name not in ("d/m/Y", "m/d/Y") or any(day.day > 12 for day in dates))
    detected = detect([WRITERS[name](day) for day in dates])
    assert detected.format is date_format(name)
    assert (detected.first, detected.last, detected.ambiguous) == (min(dates), max(dates), False)


@given(
    st.lists(st.sampled_from(sorted(WRITERS)), min_size=1, max_size=12),
    st.lists(days, min_size=12, max_size=12),
    st.randoms(use_true_random=False),
)
def test_detection_ignores_the_order_of_values(
    names: list[str], dates: list[date], random: Random
) -> None:
    texts = [WRITERS[name](day) for name, day in zip(names, dates, strict=False)]
    shuffled, straight = detect(random.sample(texts, len(texts))), detect(texts)
    assert (shuffled.parsed, shuffled.ambiguous) == (straight.parsed, straight.ambiguous)


@given(st.text(max_size=30))
def test_detection_takes_any_text(text: str) -> None:
    assert detect([text]).values == (not is_no_date(text))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("05/Mar/24 3:45 PM", time(15, 45)),
        ("05/Mar/24 12:05 AM", time(0, 5)),
        ("2024-03-05T10:11:12.123+01:00", time(10, 11, 12)),
        ("Tue Mar 05 2024 10:11:12 GMT+0000 (GMT+00:00)", time(10, 11, 12)),
        ("2024-03-05 10:00", time(10)),
        ("2024-03-05", time()),
    ],
)
def test_time_of_a_date_is_read_without_its_zone(text: str, moment: time) -> None:
    assert time_of_day(text) == moment


@pytest.mark.parametrize(
    "zone",
    [
        "GMT+0000 (GMT)",
        "GMT+0000 (GMT+00:00)",
        "GMT-0330 (GMT-03:30)",
        "GMT+0200 (Central European Summer Time)",
    ],
)
def test_zone_that_a_browser_writes_twice_is_no_part_of_the_day(zone: str) -> None:
    text = f"Tue Mar 05 2024 10:11:12 {zone}"
    chosen = detect([text]).format
    assert chosen is not None
    assert chosen.parse(text) == date(2024, 3, 5)
