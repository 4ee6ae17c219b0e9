"""Check that estimates written as times are read as hours, and never mixed with points."""

from collections.abc import Sequence

import pytest

from agent.importing.meaning.work_times import hours_of
from agent.importing.reading.recognition import Recognition
from tests.unit.importing.conftest import Recognise

ARE_TIMES = (
    "The estimates in {!r} are times: one unit is an hour of work, a day has 8 hours and a week "
    "5 days."
)
TWO_UNITS = " Points and times are two units:"
JIRA = "Issue key,Issue id,Project key,Summary,Status,Status Category,Created"
GITLAB = "Title,Issue ID,URL,State,Author Username,Created At (UTC),Weight,Time Estimate"
OPENPROJECT = "ID,Subject,Type,Status,Priority,Created on,Project,Story points,Work"
REDMINE = "#,Project,Tracker,Status,Subject,Created,Closed,Estimated time"
CLICKUP = "Task ID,Task Name,Status,Date Created,List Name,Time Estimated,Time Estimated Text"
YOUTRACK = "Issue Id,Project,Summary,State,Created,Story points,Estimation"
TITLES = "Jira", "GitLab", "OpenProject", "Redmine", "ClickUp", "YouTrack"


def rows(header: str, fields: dict[str, str], last: Sequence[tuple[str, ...]]) -> str:
    """Write an export whose last columns differ by row."""
    names = header.split(",")
    lines = [header]
    for number, cells in enumerate(last, 1):
        texts = [
            fields.get(name, "").replace("{}", str(number))
            for name in names[: len(names) - len(cells)]
        ]
        lines.append(",".join([*texts, *(f'"{cell}"' if "," in cell else cell for cell in cells)]))
    return "\n".join(lines) + "\n"


def simple(*estimates: str) -> str:
    """Write a table of no tracker with estimates."""
    fields = {"Id": "{}", "Project": "P", "Created": "2024-03-0{}"}
    return rows("Id,Project,Created,Resolved,Estimate", fields, [(text,) for text in estimates])


def estimates(recognition: Recognition) -> list[float | None]:
    assert not recognition.refused
    return [task.estimate for task in recognition.tasks]


def sentences(recognition: Recognition, word: str) -> list[str]:
    return [notice.text for notice in recognition.notices if word in notice.text]


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("2h", 2),
        ("1d 4h", 12),
        ("1d4h", 12),
        ("PT4H", 4),
        ("P1DT2H30M", 10.5),
        ("p1w", 40),
        ("3 days", 24),
        ("1 week, 2 days", 56),
        ("30m", 0.5),
        ("1 mo", 160),
        ("2:30", 2.5),
        ("2h30", 2.5),
        ("1,5 Std.", 1.5),
        ("3 jours", 24),
        ("2 días 1 hora", 17),
        ("2н 3д", 104),
        ("0m", 0),
    ],
)
def test_time_becomes_hours_of_work(text: str, hours: float) -> None:
    assert hours_of(text) == hours


@pytest.mark.parametrize(
    "text", ["", "5", "5 pts", "M", "P", "PT", "2 h or so", "3 parrots", "999999999w"]
)
def test_any_other_text_is_no_time(text: str) -> None:
    assert hours_of(text) is None


def test_column_of_times_is_read_as_hours_in_a_sentence(recognised: Recognise) -> None:
    recognition = recognised(simple("2h", "1d 4h", "", "PT30M"))
    assert estimates(recognition) == [2, 12, None, 0.5]
    assert sentences(recognition, "stimate") == [ARE_TIMES.format("Estimate")]
    assert not recognition.warnings


def test_column_of_points_does_not_read_its_few_times(recognised: Recognise) -> None:
    recognition = recognised(simple("3", "1d 4h", "5", "0"))
    assert estimates(recognition) == [3, None, 5, 0]
    (warning,) = recognition.warnings
    assert warning.startswith("1 estimate in 'Estimate' is no number ('1d 4h'): these tasks have")
    assert TWO_UNITS in warning and "--map estimate=COLUMN" in warning


def test_column_of_times_does_not_read_its_few_numbers(recognised: Recognise) -> None:
    recognition = recognised(simple("3", "1d 4h", "2h", "0", "big"))
    # Trackers write 0 where nobody has estimated a time.
    assert estimates(recognition) == [None, 12, 2, None, None]
    (warning,) = recognition.warnings
    assert warning.startswith("2 estimates in 'Estimate' are no times ('3', 'big'): these")
    assert TWO_UNITS in warning


def test_texts_that_are_no_times_are_no_other_unit(recognised: Recognise) -> None:
    (warning,) = recognised(simple("3", "big")).warnings
    assert warning.endswith("is no number ('big'): these tasks have none.")


@pytest.mark.parametrize(
    ("header", "fields", "cells", "hours", "unit"),
    [
        (
            f"{JIRA},Original estimate",
            {
                "Issue key": "P-{}",
                "Issue id": "{}",
                "Project key": "P",
                "Summary": "T",
                "Status": "To Do",
                "Status Category": "To Do",
                "Created": "2024-03-0{}",
            },
            [("7200",), ("28800",)],
            [2, 8],
            "seconds",
        ),
        (
            GITLAB,
            {
                "Title": "T",
                "Issue ID": "{}",
                "URL": "https://gitlab.com/a/shop/-/issues/{}",
                "State": "Open",
                "Author Username": "ann",
                "Created At (UTC)": "2024-03-0{} 10:00:00",
            },
            [("", "3600"), ("", "5400")],
            [1, 1.5],
            "seconds",
        ),
        (
            OPENPROJECT,
            {
                "ID": "{}",
                "Subject": "T",
                "Type": "Task",
                "Status": "New",
                "Priority": "Normal",
                "Created on": "2024-03-0{}",
                "Project": "Shop",
            },
            [("", "1d 4h"), ("", "8.5")],
            [12, 8.5],
            "hours",
        ),
        (
            REDMINE,
            {
                "#": "{}",
                "Project": "Shop",
                "Tracker": "Bug",
                "Status": "New",
                "Subject": "T",
                "Created": "2024-03-0{} 10:00",
            },
            [("", "4.00"), ("", "2:30")],
            [4, 2.5],
            "hours",
        ),
        (
            CLICKUP,
            {
                "Task ID": "a{}",
                "Task Name": "T",
                "Status": "Open",
                "Date Created": "2024-03-0{}",
                "List Name": "Shop",
            },
            [("3600000", "1 h"), ("5400000", "1 h 30 m")],
            [1, 1.5],
            "milliseconds",
        ),
        (
            YOUTRACK,
            {
                "Issue Id": "P-{}",
                "Project": "P",
                "Summary": "T",
                "State": "Open",
                "Created": "2024-03-0{}",
            },
            [("", "1w 2d"), ("", "4h")],
            [56, 4],
            "",
        ),
    ],
    ids=TITLES,
)
def test_times_of_each_tracker_are_read_by_their_unit(
    recognised: Recognise,
    header: str,
    fields: dict[str, str],
    cells: list[tuple[str, ...]],
    hours: list[float],
    unit: str,
) -> None:
    recognition = recognised(rows(header, fields, cells), project="P")
    assert estimates(recognition) == hours
    (sentence,) = sentences(recognition, "are times")
    assert sentence.endswith(f"A number without a unit is {unit}." if unit else "5 days.")


def test_points_and_times_of_two_columns_are_not_mixed(recognised: Recognise) -> None:
    fields = {
        "ID": "{}",
        "Subject": "T",
        "Type": "Task",
        "Status": "New",
        "Priority": "Normal",
        "Created on": "2024-03-0{}",
        "Project": "Shop",
    }
    points = recognised(rows(OPENPROJECT, fields, [("3", "8h"), ("", "4h"), ("5", "")]))
    assert estimates(points) == [3, None, 5]
    assert sentences(points, "another unit") == [
        "Estimates are those in 'Story points'. The times in 'Work' are another unit and are not "
        'read; --map "estimate=Work" takes them instead.'
    ]
    times = recognised(rows(OPENPROJECT, fields, [("3", "8h"), ("", "4h"), ("", "2h")]))
    assert estimates(times) == [8, 4, 2]
    assert sentences(times, "another unit") == [
        "Estimates are those in 'Work'. The points in 'Story points' are another unit and are not "
        'read; --map "estimate=Story points" takes them instead.'
    ]
    chosen = recognised(
        rows(OPENPROJECT, fields, [("3", "8h"), ("", "4h"), ("5", "")]), {"estimate": "Work"}
    )
    assert estimates(chosen) == [8, 4, None]
    (column,) = [column for column in chosen.columns if column.field == "estimate"]
    assert (column.header, column.sample) == ("Work", "8h")


def test_times_that_nobody_estimated_are_no_estimate(recognised: Recognise) -> None:
    fields = {
        "Title": "T",
        "Issue ID": "{}",
        "URL": "https://gitlab.com/a/shop/-/issues/{}",
        "State": "Open",
        "Author Username": "ann",
        "Created At (UTC)": "2024-03-0{} 10:00:00",
    }
    weighed = recognised(rows(GITLAB, fields, [("3", "0"), ("", "0")]))
    assert estimates(weighed) == [3, None]
    timed = recognised(rows(GITLAB.replace("Weight,", ""), fields, [("0",), ("0",)]))
    assert estimates(timed) == [None, None]
    assert not sentences(weighed, "stimate") and not sentences(timed, "stimate")
