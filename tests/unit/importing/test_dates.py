"""Which format a column is in, and which days its values are."""

from collections.abc import Callable
from datetime import date
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agent.importing.dates import FORMATS, DateFormat, date_format, detect
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


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
def test_example_of_a_format_is_read_by_it(known: DateFormat) -> None:
    assert known.parse(known.example) == DAY


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
def test_date_with_or_without_a_time_is_its_written_day(text: str) -> None:
    found = detect([text])
    assert found.format is not None
    assert found.format.parse(text) == DAY


@pytest.mark.parametrize(
    "text",
    [
        "",
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
        "13/06/16",
        "20160613",
        "\u0662\u0660\u0661\u0666-06-13",
        "2016-06-13\n",
    ],
)
def test_anything_else_is_no_date(text: str) -> None:
    found = detect([text])
    assert (found.format, found.parsed, found.values) == (None, 0, 1)


def test_two_digit_years_turn_at_69() -> None:
    jira = date_format("d/MMM/yy")
    assert jira.parse("01/Jan/68") == date(2068, 1, 1)
    assert jira.parse("01/Jan/69") == date(1969, 1, 1)


def test_one_value_decides_between_day_and_month() -> None:
    assert detect(["01/02/2016", "13/02/2016"]).format is date_format("d/m/Y")
    found = detect(["01/02/2016", "02/13/2016"])
    assert found.format is date_format("m/d/Y")
    assert not found.ambiguous


def test_undecided_day_and_month_is_ambiguous_and_day_first() -> None:
    found = detect(["01/02/2016", "12/12/2016"])
    assert found.format is date_format("d/m/Y")
    assert found.ambiguous


def test_values_that_contradict_each_other_are_ambiguous() -> None:
    assert detect(["13/02/2016", "02/13/2016"]).ambiguous


def test_same_day_either_way_is_not_ambiguous() -> None:
    assert not detect(["01/01/2016", "06/06/2016"]).ambiguous


def test_format_of_the_most_values_wins() -> None:
    found = detect(["2016-06-13", "13.06.2016", "14.06.2016"])
    assert found.format is date_format("d.m.Y")
    assert (found.parsed, found.values) == (2, 3)
    assert (found.first, found.last) == (DAY, date(2016, 6, 14))


def test_no_value_has_no_format() -> None:
    assert detect([]).format is None


def test_unknown_format_is_answered_with_the_known_ones() -> None:
    with pytest.raises(CsvRefused, match=r"'foo'.*Y-m-d.*d/MMM/yy"):
        date_format("foo")


@given(st.sampled_from(sorted(WRITERS)), st.lists(days, min_size=1, max_size=20))
def test_days_written_in_a_format_are_read_back(name: str, written: list[date]) -> None:
    texts = [WRITERS[name](day) for day in written]
    assert [date_format(name).parse(text) for text in texts] == written


@given(st.sampled_from(sorted(WRITERS)), st.lists(days, min_size=1, max_size=20))
def test_format_is_detected_from_days_that_decide_it(name: str, written: list[date]) -> None:
    assume(name not in ("d/m/Y", "m/d/Y") or any(day.day > 12 for day in written))
    found = detect([WRITERS[name](day) for day in written])
    assert found.format is date_format(name)
    assert (found.first, found.last, found.ambiguous) == (min(written), max(written), False)


@given(
    st.lists(st.sampled_from(sorted(WRITERS)), min_size=1, max_size=12),
    st.lists(days, min_size=12, max_size=12),
    st.randoms(use_true_random=False),
)
def test_order_of_the_values_changes_nothing(
    names: list[str], written: list[date], random: Random
) -> None:
    texts = [WRITERS[name](day) for name, day in zip(names, written, strict=False)]
    shuffled = random.sample(texts, len(texts))
    assert detect(shuffled) == detect(texts)
    found = detect(texts)
    assert found.format is not None
    assert found.parsed == max(sum(f.parse(t) is not None for t in texts) for f in FORMATS)


@given(st.text(max_size=30))
def test_no_text_breaks_the_detection(text: str) -> None:
    assert detect([text]).values == 1
