"""Parsing of days and sprint lengths, and the default day of an import."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from agent.importing.dates.formats import EARLIEST, LATEST
from agent.importing.errors import CsvRefused
from agent.importing.history import cutoff
from agent.importing.history.cutoff import parse_as_of, parse_cadence
from agent.importing.reading.recognition import Recognition

Recognise = Callable[..., Recognition]

HEAD = "id,project,created,finished"
TODAY = date(2016, 7, 1)


def choose_as_of(recognition: Recognition, requested: date | None) -> date:
    return cutoff.choose_as_of([recognition], recognition.tasks, requested, TODAY)


@pytest.mark.parametrize(
    ("text", "days"),
    [("2w", 14), ("10d", 10), ("1d", 1), (" 3W ", 21), ("366d", 366), ("52w", 364)],
)
def test_cadence_is_parsed_into_days(text: str, days: int) -> None:
    assert parse_cadence(text) == days


@pytest.mark.parametrize("text", ["", "2", "w", "0d", "-1w", "1.5w", "2m", "367d", "53w", "2w 1d"])
def test_malformed_cadence_is_refused_with_examples(text: str) -> None:
    with pytest.raises(CsvRefused, match="2w or 10d"):
        parse_cadence(text)


def test_as_of_is_parsed_as_an_iso_day() -> None:
    assert parse_as_of("2016-06-06") == date(2016, 6, 6)


def test_as_of_takes_the_days_that_dates_of_rows_may_have() -> None:
    for day in (EARLIEST, LATEST):
        assert parse_as_of(day.isoformat()) == day
    for day in (EARLIEST - timedelta(days=1), LATEST + timedelta(days=1)):
        with pytest.raises(CsvRefused, match="YYYY-MM-DD"):
            parse_as_of(day.isoformat())


@pytest.mark.parametrize(
    "text", ["", "today", "06/06/2016", "2016-06-31", "20160606", "2016-W23-1", "0001-01-01"]
)
def test_malformed_day_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(CsvRefused, match="YYYY-MM-DD"):
        parse_as_of(text)


@pytest.mark.parametrize(
    ("rows", "day"),
    [
        ("1,p,2016-06-06,2016-06-09,\n2,p,2016-06-20,,\n", date(2016, 6, 21)),
        ("1,p,2016-06-06,2016-06-22,\n2,p,2016-06-20,,\n", date(2016, 6, 23)),
        ("1,p,2016-06-06,,\n2,p,2016-06-20,,2016-06-25 09:15\n", date(2016, 6, 26)),
        ("1,p,2016-06-30,,\n", TODAY),
        ("1,p,2016-06-06,2016-07-01,\n", TODAY),
    ],
)
def test_default_day_follows_the_newest_date_of_any_kind_and_never_passes_today(
    recognised: Recognise, rows: str, day: date
) -> None:
    assert choose_as_of(recognised(f"{HEAD},updated\n{rows}"), None) == day


def test_unreadable_or_future_update_refuses_no_row(recognised: Recognise) -> None:
    recognition = recognised(
        f"{HEAD},updated\n1,p,2016-06-06,,2016-06-08\n2,p,2016-06-06,,soon\n"
        "3,p,2016-06-06,,2098-01-01\n"
    )
    assert recognition.refused == ()
    assert [task.updated and task.updated.date() for task in recognition.tasks] == [
        date(2016, 6, 8),
        None,
        None,
    ]


def test_day_before_every_creation_is_refused_with_the_range_of_dates(
    recognised: Recognise,
) -> None:
    recognition = recognised(f"{HEAD}\n1,p,2016-06-06,2016-06-09\n2,p,2016-06-20,\n")
    assert choose_as_of(recognition, date(2016, 6, 6)) == date(2016, 6, 6)
    with pytest.raises(CsvRefused, match="2016-06-05: its dates run from 2016-06-06 to 2016-06-20"):
        choose_as_of(recognition, date(2016, 6, 5))


def test_file_without_a_usable_row_is_refused_with_the_range_of_dates(
    recognised: Recognise,
) -> None:
    recognition = recognised(f"{HEAD}\n1,a b,2016-06-06,2016-06-09\n2,c d,2016-06-20,\n")
    with pytest.raises(
        CsvRefused, match=r"None of the 2 rows.*row 2, column 'project'.*2016-06-06 to 2016-06-20"
    ):
        choose_as_of(recognition, None)


def test_file_without_a_readable_date_is_refused_with_that_reason(recognised: Recognise) -> None:
    with pytest.raises(CsvRefused, match="could not be read"):
        choose_as_of(recognised(f"{HEAD}\n1,p,soon,\n"), None)


def test_file_with_only_a_header_is_refused(recognised: Recognise) -> None:
    with pytest.raises(CsvRefused, match="a header and no rows"):
        choose_as_of(recognised(f"{HEAD}\n"), date(2016, 6, 6))
    # Nobody is asked for the project of no row.
    with pytest.raises(CsvRefused, match="a header and no rows"):
        choose_as_of(recognised("id,created\n"), date(2016, 6, 6))


@pytest.mark.parametrize(
    ("sprint", "day"),
    [
        ("state=ACTIVE,name=S 2,startDate=2016-06-23T09:00:00Z,completeDate=<null>", 24),
        ("state=CLOSED,name=S 2,startDate=2016-06-13T09:00Z,completeDate=2016-06-26T09:00:00Z", 27),
        ("state=FUTURE,name=S 2,startDate=2016-06-28T09:00:00Z,completeDate=<null>", 21),
        ("state=FUTURE,name=S 2,completeDate=2016-06-28T09:00:00Z", 21),
        ("state=CLOSED,name=S 2,completeDate=2016-07-02T09:00:00Z", 21),
        ("state=ACTIVE,name=S 2,startDate=2016-07-02T09:00:00Z", 21),
        ("state=CLOSED,name=S 2,completeDate=2016-06-29T09:00:00Z", 30),
    ],
)
def test_default_day_knows_the_sprints_that_ended_or_run(
    recognised: Recognise, sprint: str, day: int
) -> None:
    text = f"com.atlassian.greenhopper.service.sprint.Sprint@1a[id=2,{sprint},sequence=2]"
    recognition = recognised(f'{HEAD},sprint\n1,p,2016-06-20,,"{text}"\n')
    assert choose_as_of(recognition, None) == date(2016, 6, day)
