"""Every row of a file becomes a task or a refusal, by rules tested at their edges."""

from collections.abc import Callable
from datetime import date

import pytest

from agent.importing.errors import CsvRefused
from agent.importing.meaning.statuses import State
from agent.importing.reading.recognition import Recognition

Recognise = Callable[..., Recognition]

HEAD = "id,project,created,finished"


def reasons(recognition: Recognition) -> list[tuple[int, str, str]]:
    return [(refusal.row, refusal.column, refusal.reason) for refusal in recognition.refused]


def test_row_becomes_a_task_with_every_mapped_field(recognised: Recognise) -> None:
    recognition = recognised(
        "Issue key,Project key,Created,Resolved,Summary,Status,Priority,Assignee,Issue Type,"
        "Labels,Labels,Story Points\n"
        'A-1,ab,06/Jun/16 9:15 AM,07/Jun/16 1:00 PM, "Two ",Done,High,ann,Bug,"x, y",x,"3,5"\n'
    )
    (task,) = recognition.tasks
    assert (task.id, task.project) == ("A-1", "AB")
    assert (task.created, task.finished) == (date(2016, 6, 6), date(2016, 6, 7))
    assert (task.title, task.status, task.priority) == ('"Two "', "Done", "High")
    assert (task.assignee, task.type, task.labels) == ("ann", "Bug", ("x", "y"))
    assert task.estimate == 3.5
    assert recognition.columns[2].format == "d/MMM/yy"
    assert recognition.columns[2].sample == "06/Jun/16 9:15 AM"
    assert (recognition.rows, recognition.refused, recognition.warnings) == (1, (), ())


def test_empty_optional_cells_become_none(recognised: Recognise) -> None:
    recognition = recognised(
        "id,project,created,finished,title,labels,estimate\n1,p,2016-06-06,,,,\n"
    )
    (task,) = recognition.tasks
    assert (task.finished, task.title, task.labels, task.estimate) == (None, None, (), None)


def test_finish_before_creation_is_corrected_and_counted(recognised: Recognise) -> None:
    recognition = recognised(
        f"{HEAD}\n1,p,2016-06-06,2016-06-05\n2,p,2016-06-06,2016-06-06\n3,p,2016-06-06,\n"
    )
    assert [task.finished for task in recognition.tasks] == [
        date(2016, 6, 6),
        date(2016, 6, 6),
        None,
    ]
    assert recognition.corrected == 1
    assert recognition.refused == ()


@pytest.mark.parametrize("value", ["a", "0", "A_b-9", "x" * 31])
def test_project_of_prefix_and_value_is_upper_cased(recognised: Recognise, value: str) -> None:
    (task,) = recognised(f"{HEAD}\n1,{value},2016-06-06,\n", prefix="p").tasks
    assert task.project == f"P{value.upper()}"


@pytest.mark.parametrize(
    "value", ["a b", "x" * 33, "-a", "_a", "é", "ß", "a/b", "summary", "ACTIVE", "by-project"]
)
def test_value_that_cannot_be_a_project_is_refused(recognised: Recognise, value: str) -> None:
    ((row, column, reason),) = reasons(recognised(f"{HEAD}\n1,{value},2016-06-06,\n"))
    assert (row, column) == (2, "project")
    assert repr(value) in reason
    assert "cannot be a project id" in reason


def test_reserved_word_with_a_prefix_is_a_project_id(recognised: Recognise) -> None:
    assert recognised(f"{HEAD}\n1,active,2016-06-06,\n", prefix="P-").tasks[0].project == "P-ACTIVE"


def test_project_can_be_named_for_the_whole_file(recognised: Recognise) -> None:
    (task,) = recognised("id,created,finished\n1,2016-06-06,\n", project="test-1", prefix="P").tasks
    assert task.project == "TEST-1"
    recognition = recognised(f"{HEAD}\n1,p,2016-06-06,\n2,,2016-06-06,\n", project="X")
    assert [task.project for task in recognition.tasks] == ["X", "X"]
    assert "project" not in [column.field for column in recognition.columns]


def test_named_project_must_be_an_id_and_exclude_a_project_column(recognised: Recognise) -> None:
    with pytest.raises(CsvRefused, match="--project 'a b' cannot be"):
        recognised("id,created\n1,2016-06-06\n", project="a b")
    with pytest.raises(CsvRefused, match="not both"):
        recognised(f"{HEAD}\n1,p,2016-06-06,\n", {"project": "project"}, project="X")


def test_missing_columns_are_refused_with_the_list_of_columns(recognised: Recognise) -> None:
    with pytest.raises(CsvRefused, match=r"id, project, created.*--project.*a, b"):
        recognised("a,b\n1,2\n")
    with pytest.raises(CsvRefused, match=r"known for created: .*field=column. The"):
        recognised("id,project\n1,2\n")


@pytest.mark.parametrize(("cells", "column"), [(" ,p,2016-06-06,", "id"), ("1,p,,", "created")])
def test_empty_required_cell_is_refused(recognised: Recognise, cells: str, column: str) -> None:
    ((row, refused_column, reason),) = reasons(recognised(f"{HEAD}\n{cells}\n"))
    assert (row, refused_column) == (2, column)
    assert "required" in reason


def test_row_that_repeats_a_task_counts_once(recognised: Recognise) -> None:
    recognition = recognised(f"{HEAD}\n1,p,2016-06-06,\n2,p,2016-06-06,\n1,P,2016-06-06,\n")
    assert [task.id for task in recognition.tasks] == ["1", "2"]
    assert (recognition.rows, recognition.refused) == (3, ())
    assert "1 row repeats a task as it is" in "".join(n.text for n in recognition.notices)


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        ("1,p,2016-06-06,2016-06-09,new\n1,p,2016-06-06,2016-06-08,old\n", "new"),
        ("1,p,2016-06-06,2016-06-08,old\n1,p,2016-06-06,2016-06-09,new\n", "new"),
        ("1,p,2016-06-06,,first\n1,p,2016-06-06,,second\n", "second"),
    ],
)
def test_of_rows_with_one_id_the_one_updated_last_counts(
    recognised: Recognise, rows: str, title: str
) -> None:
    recognition = recognised(f"id,project,created,updated,title\n{rows}")
    assert [task.title for task in recognition.tasks] == [title]
    assert any("repeats an id with other values ('1')" in text for text in recognition.warnings)


def test_refused_row_does_not_claim_its_id(recognised: Recognise) -> None:
    recognition = recognised(f"{HEAD}\n1,p,never,\n1,p,2016-06-06,\n")
    assert [refusal.row for refusal in recognition.refused] == [2]
    assert [task.id for task in recognition.tasks] == ["1"]


def test_row_wider_than_the_header_is_accepted_when_its_surplus_is_empty(
    recognised: Recognise,
) -> None:
    recognition = recognised(f"{HEAD}\n1,p,2016-06-06,,, \n2,p,2016-06-06,,x\n3,p,2016-06-06\n")
    assert [task.id for task in recognition.tasks] == ["1", "3"]
    assert reasons(recognition) == [(3, "", "has 5 cells, the header only 4")]
    assert recognition.refused[0].cells == ("2", "p", "2016-06-06", "", "x")
    assert recognition.rows == 3


def test_row_within_which_the_file_ends_is_refused(recognised: Recognise) -> None:
    recognition = recognised(f"{HEAD}\n1,p,2016-06-06,\n2,p,2016-0")
    assert [task.id for task in recognition.tasks] == ["1"]
    assert reasons(recognition) == [(3, "", "is cut: the file ends within this row")]


def test_date_in_another_format_is_refused_with_the_expected_one(recognised: Recognise) -> None:
    recognition = recognised(f"{HEAD}\n1,p,2016-06-06,\n2,p,2016-06-07,later\n3,p,06.06.2016,\n")
    assert reasons(recognition) == [
        (3, "finished", "'later' is not a date in a known format (" + EXAMPLES + ")"),
        (4, "created", "'06.06.2016' is not a date of the form Y-m-d (2016-06-13)"),
    ]


EXAMPLES = "2016-06-13, 13/06/2016, 06/13/2016, 13.06.2016, 2016/06/13, 13/Jun/16 9:15 AM"


@pytest.mark.parametrize(
    ("day", "imported"),
    [("1969-12-31", 0), ("1970-01-01", 1), ("2099-12-31", 1), ("2100-01-01", 0)],
)
def test_sentinel_dates_are_refused(recognised: Recognise, day: str, imported: int) -> None:
    recognition = recognised(f"{HEAD}\n1,p,{day},\n", today=date(2101, 1, 1))
    assert len(recognition.tasks) == imported
    assert len(recognition.refused) == 1 - imported


def test_dates_after_today_are_refused(recognised: Recognise) -> None:
    rows = ("2016-06-06,2016-06-07", "2016-06-06,2095-06-08", "2016-06-08,", "2016-06-07,")
    text = "\n".join(f"{number},p,{row}" for number, row in enumerate(rows))
    recognition = recognised(f"{HEAD}\n{text}\n", today=date(2016, 6, 7))
    assert reasons(recognition) == [
        (3, "finished", "'2095-06-08' lies after today"),
        (4, "created", "'2016-06-08' lies after today"),
    ]
    assert [task.id for task in recognition.tasks] == ["0", "3"]
    assert recognised(f"{HEAD}\n1,p,2016-06-06,2095-06-08\n").tasks == ()


def test_chosen_format_that_reads_nothing_is_named_with_its_option(recognised: Recognise) -> None:
    recognition = recognised(f"{HEAD}\n1,p,2016-06-06,\n", date_format="m/d/Y")
    ((_, column, reason),) = reasons(recognition)
    assert column == "created"
    assert reason == (
        "'2016-06-06' is not a date of the form m/d/Y (06/13/2016), which --date-format asks for"
    )


def test_ambiguous_dates_are_warned_about_unless_a_format_is_chosen(recognised: Recognise) -> None:
    text = f"{HEAD}\n1,p,01/02/2016,03/04/2016\n"
    recognition = recognised(text)
    assert recognition.tasks[0].created == date(2016, 2, 1)
    (question,) = recognition.questions
    assert "'created' and 'finished' can be read as d/m/Y or m/d/Y" in question.text
    assert "--date-format d/m/Y" in question.answer
    with_format = recognised(text, date_format="m/d/Y")
    assert with_format.tasks[0].created == date(2016, 1, 2)
    assert (with_format.warnings, with_format.questions) == ((), ())


def test_conclusive_date_column_decides_for_an_ambiguous_one(recognised: Recognise) -> None:
    recognition = recognised(f"{HEAD}\n1,p,01/02/2016,03/04/2016\n2,p,02/13/2016,\n")
    assert recognition.tasks[0].finished == date(2016, 3, 4)
    assert [column.format for column in recognition.columns[2:]] == ["m/d/Y", "m/d/Y"]
    assert "as the other date column" in recognition.warnings[0]


def test_column_whose_days_equal_their_months_decides_for_no_other(
    recognised: Recognise,
) -> None:
    recognition = recognised(f"{HEAD}\n1,p,03/04/2016,05/05/2016\n2,p,06/07/2016,\n")
    (question,) = recognition.questions
    assert "'created' can be read as d/m/Y or m/d/Y: '03/04/2016'" in question.text
    assert "--date-format" in question.answer


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *[("0", 0.0), ("2.5", 2.5), ('"3,5"', 3.5), ("5 pts", 5.0), ("½", 0.5), ("1½", 1.5)],
        *[("L", None), ("-1", None), ("nan", None), ("inf", None), ("1x", None), ("1e400", None)],
    ],
)
def test_estimate_that_is_no_number_refuses_no_row(
    recognised: Recognise, value: str, expected: float | None
) -> None:
    recognition = recognised(f"{HEAD},estimate\n1,p,2016-06-06,,{value}\n")
    assert [task.estimate for task in recognition.tasks] == [expected]
    assert bool(recognition.warnings) is (expected is None)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ('"2,5"', 1.25),
        ('"0,125"', 1.25),
        ("2.5", 1250),
        ('"1,250.5"', 1250),
        ("3", None),
        ("", None),
    ],
)
def test_other_estimates_tell_what_a_comma_before_three_digits_means(
    recognised: Recognise, others: str, expected: float | None
) -> None:
    rows = f'1,p,2016-06-06,,"1,250"\n2,p,2016-06-06,,{others}\n'
    recognition = recognised(f"{HEAD},estimate\n{rows}")
    assert recognition.tasks[0].estimate == expected
    has_notice = any("comma of '1,250'" in notice.text for notice in recognition.notices)
    assert has_notice is (expected is None)


def test_title_that_is_too_long_is_shortened_with_a_notice(recognised: Recognise) -> None:
    recognition = recognised(f"{HEAD},title\n1,p,2016-06-06,,{'x' * 301}\n")
    assert recognition.tasks[0].title == "x" * 299 + "…"
    assert [notice.text for notice in recognition.notices] == [
        "1 text of the field title shortened to what is kept, first of '1'."
    ]


def test_statuses_are_counted_and_unknown_ones_are_read_by_finish_date(
    recognised: Recognise,
) -> None:
    recognition = recognised(
        f"{HEAD},status\n1,p,2016-06-06,2016-06-07,Done\n2,p,2016-06-06,,To Do\n"
        "3,p,2016-06-06,,in-progress\n4,p,2016-06-06,,Parked\n5,p,2016-06-06,2016-06-07,Parked\n"
    )
    assert {status.status: (status.tasks, status.state) for status in recognition.statuses} == {
        "Parked": (2, None),
        "Done": (1, State.DONE),
        "To Do": (1, State.TO_DO),
        "in-progress": (1, State.DOING),
    }
    assert [task.finished is not None for task in recognition.tasks] == [
        True,
        False,
        False,
        False,
        True,
    ]
    assert recognition.warnings == ()


def test_priorities_are_counted_with_their_numbers(recognised: Recognise) -> None:
    names = ("P1", "Ganz egal", "2 - High", "P1", "")
    rows = "".join(f"{n},p,2016-06-06,,{name}\n" for n, name in enumerate(names))
    recognition = recognised(f"{HEAD},priority\n{rows}")
    assert [(count.name, count.tasks, count.priority) for count in recognition.priorities] == [
        ("P1", 2, 1),
        ("Ganz egal", 1, None),
        ("2 - High", 1, 2),
    ]


def test_done_without_a_finish_date_is_done_on_an_unknown_day(recognised: Recognise) -> None:
    recognition = recognised(f"{HEAD},status\n1,p,2016-06-06,,Closed\n")
    (task,) = recognition.tasks
    assert (task.state, task.finished, recognition.refused) == (State.DONE, None, ())
    assert recognition.states.done_on_unknown_day == 1
    assert "1 task done on an unknown day" in recognition.warnings[0]


def test_finish_date_of_an_open_status_counts_with_a_warning(recognised: Recognise) -> None:
    recognition = recognised(f"{HEAD},status\n1,p,2016-06-06,2016-06-07,Reopened\n")
    assert recognition.tasks[0].finished == date(2016, 6, 7)
    assert "1 tasks have a finish date" in recognition.warnings[0]


def test_file_without_a_finish_column_has_only_open_tasks(recognised: Recognise) -> None:
    recognition = recognised("id,project,created\n1,p,2016-06-06\n")
    assert recognition.tasks[0].finished is None
    assert "every task counts as open" in recognition.warnings[0]


def test_projects_are_counted_with_their_range_of_dates(recognised: Recognise) -> None:
    recognition = recognised(
        f"{HEAD}\n1,b,2016-06-06,\n2,a,2016-06-01,2016-06-09\n3,a,2016-06-02,\n"
    )
    first, second = recognition.projects
    assert (first.project, first.tasks, first.finished) == ("A", 2, 1)
    assert (first.first, first.last) == (date(2016, 6, 1), date(2016, 6, 9))
    assert (second.project, second.tasks, second.finished) == ("B", 1, 0)


def test_byte_order_mark_and_quoted_newlines_reach_the_tasks(recognised: Recognise) -> None:
    text = f'\ufeff{HEAD},title\n1,p,2016-06-06,,"two\nlines"\n2,p,x,,\n'
    recognition = recognised(text)
    assert recognition.tasks[0].title == "two lines"
    assert recognition.refused[0].row == 4


def test_columns_of_a_plain_list_are_known_by_common_names(recognised: Recognise) -> None:
    recognition = recognised(
        "Key,Project,Title,Created on,Done on,Owner\nA-1,a,One,2016-06-06,2016-06-07,Ann\n"
    )
    (task,) = recognition.tasks
    assert (task.created, task.finished) == (date(2016, 6, 6), date(2016, 6, 7))
    assert task.assignee == "Ann"
