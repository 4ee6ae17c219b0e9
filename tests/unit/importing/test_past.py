"""Tasks cut at a day: past sprints, backlog, and what is kept back."""

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.cli import demo
from agent.importing.history_windows import ProjectPast, cut, open_on
from agent.importing.recognition import recognise
from agent.importing.table import read_table
from agent.importing.tasks import Task

Example = dict[str, ProjectPast]
DAY = date(2016, 6, 6)
EXAMPLE = Path(str(demo.EXAMPLE))


def task(identifier: str, created: int, finished: int | None = None) -> Task:
    """A task by its days relative to DAY."""
    end = None if finished is None else DAY + timedelta(finished)
    return Task(identifier, "P", DAY + timedelta(created), end)


def ids(tasks: Iterable[Task]) -> list[str]:
    return [task.id for task in tasks]


@pytest.fixture(scope="module")
def example() -> Example:
    recognition = recognise(read_table(EXAMPLE), {}, prefix="P")
    assert (recognition.rows, recognition.refused, recognition.corrected) == (4123, (), 1662)
    return cut(recognition.tasks, DAY, 14)


@pytest.mark.parametrize(
    ("project", "backlog", "completed", "following", "created_by", "from_backlog"),
    [("P0", 17, [12, 10, 4, 5], 4, 2, 2), ("P1", 18, [15, 12, 10, 14], 13, 10, 9)],
)
def test_example_as_of_june_2016(
    example: Example,
    project: str,
    backlog: int,
    completed: list[int],
    following: int,
    created_by: int,
    from_backlog: int,
) -> None:
    past = example[project]
    assert len(past.backlog) == backlog
    assert [len(sprint.completed) for sprint in past.sprints[-4:]] == completed
    assert past.held_back.finished == following
    assert past.held_back.finished_created_by == created_by
    assert len(past.held_back.from_backlog) == from_backlog
    assert past.sprints[-1].end_date == DAY - timedelta(1)


def test_example_has_its_open_and_created_tasks_in_the_last_sprint(example: Example) -> None:
    last = [example[project].sprints[-1] for project in ("P0", "P1")]
    assert [sprint.open_at_start for sprint in last] == [16, 17]
    assert [len(sprint.created) for sprint in last] == [6, 16]


def test_backlog_ends_and_begins_at_the_day() -> None:
    past = cut(
        [task("a", 0), task("b", -1, 1), task("c", -1, 0), task("d", 1), task("e", -2, -1)], DAY, 7
    )["P"]
    assert ids(past.backlog) == ["b", "a"]
    assert ids(past.held_back.created_later) == ["d"]
    assert [ids(sprint.completed) for sprint in past.sprints] == [["e"]]


def test_window_holds_its_first_day_and_not_the_next_windows() -> None:
    past = cut([task("a", -14, -14), task("b", -14, -8), task("c", -14, -7)], DAY, 7)["P"]
    assert [ids(sprint.completed) for sprint in past.sprints] == [["a", "b"], ["c"]]
    first = past.sprints[0]
    assert (first.start_date, first.end_date) == (date(2016, 5, 23), date(2016, 5, 29))


def test_first_sprint_is_the_window_of_the_first_creation_and_gaps_stay() -> None:
    past = cut([task("a", -28, -1), task("b", -3, -2)], DAY, 7)["P"]
    assert [len(sprint.completed) for sprint in past.sprints] == [0, 0, 0, 2]
    assert [sprint.number for sprint in past.sprints] == [1, 2, 3, 4]
    assert [len(sprint.created) for sprint in past.sprints] == [1, 0, 0, 1]


def test_without_a_finish_there_is_no_past_sprint() -> None:
    past = cut([task("a", -30), task("b", -30, 0)], DAY, 7)["P"]
    assert past.sprints == ()
    assert ids(past.backlog) == ["a"]


def test_open_at_start_counts_from_the_next_start_to_the_window_of_the_finish() -> None:
    past = cut([task("a", -21, -7), task("b", -20, -8), task("c", -14)], DAY, 7)["P"]
    assert [sprint.open_at_start for sprint in past.sprints] == [0, 2, 2]
    assert ids(open_on([*past.backlog, *past.sprints[-1].completed], DAY - timedelta(7))) == [
        "c",
        "a",
    ]


def test_next_window_is_kept_back_from_the_day_to_before_its_end() -> None:
    past = cut(
        [task("a", -1, 0), task("b", 0, 6), task("c", -1, 7), task("d", 1, 2), task("e", -1)],
        DAY,
        7,
    )["P"]
    assert past.held_back.finished == 3
    assert past.held_back.finished_created_by == 2
    assert past.held_back.from_backlog == ("b",)


def test_project_that_begins_later_has_nothing_but_its_future() -> None:
    past = cut([task("a", 3, 5)], DAY, 7)["P"]
    assert (past.backlog, past.sprints) == ((), ())
    assert past.held_back.finished == 1
    assert past.held_back.from_backlog == ()


def test_projects_are_cut_apart() -> None:
    pasts = cut([task("a", -1), Task("b", "A", DAY)], DAY, 7)
    assert list(pasts) == ["A", "P"]
    assert ids(pasts["A"].backlog) == ["b"]


def test_no_tasks_are_no_projects() -> None:
    assert cut([], DAY, 7) == {}


spans = st.tuples(st.integers(-200, 60), st.none() | st.integers(0, 120))
histories = st.lists(spans, max_size=30).map(
    lambda drawn: [
        task(f"t{number}", begun, None if length is None else begun + length)
        for number, (begun, length) in enumerate(drawn)
    ]
)


@given(histories, st.integers(1, 40))
def test_each_task_is_in_one_place(tasks: list[Task], cadence: int) -> None:
    past = cut(tasks, DAY, cadence).get("P")
    if past is None:
        assert tasks == []
        return
    completed = [identifier for sprint in past.sprints for identifier in ids(sprint.completed)]
    assert sorted(completed) == sorted(ids(t for t in tasks if t.finished and t.finished < DAY))
    on_the_day = ids(t for t in tasks if t.finished == DAY and t.created <= DAY)
    places = completed + ids(past.backlog) + on_the_day + ids(past.held_back.created_later)
    assert sorted(places) == sorted(ids(tasks))


@given(histories, st.integers(1, 40))
def test_windows_are_back_to_back_and_hold_what_they_say(tasks: list[Task], cadence: int) -> None:
    for past in cut(tasks, DAY, cadence).values():
        start = DAY - timedelta(cadence * len(past.sprints))
        for number, sprint in enumerate(past.sprints, start=1):
            assert (sprint.number, sprint.start_date) == (number, start)
            assert sprint.end_date == start + timedelta(cadence - 1)
            for done in sprint.completed:
                assert done.finished is not None
                assert start <= done.finished <= sprint.end_date
            assert sprint.open_at_start == len(open_on(tasks, start))
            assert ids(sprint.created) == ids(
                sorted(
                    (t for t in tasks if start <= t.created <= sprint.end_date),
                    key=lambda t: (t.created, t.id),
                )
            )
            start += timedelta(cadence)
        assert not past.sprints or past.sprints[0].created


@given(histories, st.randoms(use_true_random=False))
def test_order_of_the_rows_changes_nothing(tasks: list[Task], random: Random) -> None:
    assert cut(random.sample(tasks, len(tasks)), DAY, 14) == cut(tasks, DAY, 14)
