"""History as of a day: past sprints, backlog, and what happened afterwards."""

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.cli import demo
from agent.importing.history.history_windows import ProjectHistory, split_history
from agent.importing.options import ImportOptions
from agent.importing.reading.recognition import recognise
from agent.importing.tables.table import read_table
from agent.importing.tasks import Task

Example = dict[str, ProjectHistory]
DAY = date(2016, 6, 6)
EXAMPLE = Path(str(demo.EXAMPLE))


def task(identifier: str, created: int, finished: int | None = None) -> Task:
    """Make a task from days relative to DAY."""
    end = None if finished is None else DAY + timedelta(finished)
    return Task(identifier, "P", DAY + timedelta(created), end)


def ids(tasks: Iterable[Task]) -> list[str]:
    return [task.id for task in tasks]


def open_before(task: Task, day: date) -> bool:
    return task.created < day and (task.finished is None or task.finished >= day)


@pytest.fixture(scope="module")
def example() -> Example:
    recognition = recognise(read_table(EXAMPLE), ImportOptions(prefix="P"))
    assert (recognition.rows, recognition.refused, recognition.corrected) == (4123, (), 1662)
    return split_history(recognition.tasks, DAY, 14)


@pytest.mark.parametrize(
    ("project", "backlog", "completed"),
    [("P0", 17, [12, 10, 4, 5]), ("P1", 18, [15, 12, 10, 14])],
)
def test_example_as_of_june_2016(
    example: Example,
    project: str,
    backlog: int,
    completed: list[int],
) -> None:
    history = example[project]
    assert len(history.backlog) == backlog
    assert [len(sprint.completed) for sprint in history.sprints[-4:]] == completed
    assert history.sprints[-1].end_date == DAY - timedelta(1)


def test_example_has_its_open_and_created_tasks_in_the_last_sprint(example: Example) -> None:
    last = [example[project].sprints[-1] for project in ("P0", "P1")]
    assert [sprint.open_at_start for sprint in last] == [16, 17]
    assert [len(sprint.created) for sprint in last] == [6, 16]


def test_task_of_the_very_day_is_in_the_backlog_only_when_still_open() -> None:
    history = split_history(
        [task("a", 0), task("b", -1, 1), task("c", -1, 0), task("d", 1), task("e", -2, -1)], DAY, 7
    )["P"]
    assert ids(history.backlog) == ["b", "a"]
    assert ids(history.created_later) == ["d"]
    assert [ids(sprint.completed) for sprint in history.sprints] == [["e"]]


def test_window_contains_its_first_and_its_last_day() -> None:
    history = split_history([task("a", -14, -14), task("b", -14, -8), task("c", -14, -7)], DAY, 7)[
        "P"
    ]
    assert [ids(sprint.completed) for sprint in history.sprints] == [["a", "b"], ["c"]]
    first = history.sprints[0]
    assert (first.start_date, first.end_date) == (date(2016, 5, 23), date(2016, 5, 29))


def test_windows_before_the_first_finish_are_no_sprints_and_later_empty_ones_are() -> None:
    history = split_history([task("a", -42, -25), task("b", -42), task("c", -3, -2)], DAY, 7)["P"]
    assert [len(sprint.completed) for sprint in history.sprints] == [1, 0, 0, 1]
    assert [sprint.number for sprint in history.sprints] == [1, 2, 3, 4]
    assert history.sprints[0].open_at_start == 2


@pytest.mark.parametrize(("known", "completed"), [(-4, [1, 1]), (-5, [1]), (-15, []), (0, [1, 1])])
def test_window_that_is_known_for_less_than_half_is_no_sprint(
    known: int, completed: list[int]
) -> None:
    tasks = [task("a", -14, -14), task("b", -14, -6)]
    history = split_history(tasks, DAY, 7, DAY + timedelta(known))["P"]
    assert [len(sprint.completed) for sprint in history.sprints] == completed


def test_history_without_a_finish_has_no_past_sprint() -> None:
    history = split_history([task("a", -30), task("b", -30, 0)], DAY, 7)["P"]
    assert history.sprints == ()
    assert ids(history.backlog) == ["a"]


def test_open_tasks_are_counted_at_the_start_of_each_window() -> None:
    tasks = [task("a", -21, -7), task("b", -20, -8), task("c", -14), task("d", -21, -21)]
    history = split_history(tasks, DAY, 7)["P"]
    assert [sprint.open_at_start for sprint in history.sprints] == [0, 2, 2]


def test_project_created_after_the_day_is_kept_back() -> None:
    history = split_history([task("a", 3, 5), task("b", -1, 0)], DAY, 7)["P"]
    assert (history.backlog, history.sprints, history.finished_on_day) == ((), (), 1)
    assert ids(history.created_later) == ["a"]


def test_each_project_has_a_history_of_its_own() -> None:
    histories = split_history([task("a", -1), Task("b", "A", DAY)], DAY, 7)
    assert list(histories) == ["A", "P"]
    assert ids(histories["A"].backlog) == ["b"]


def test_no_tasks_give_no_history() -> None:
    assert split_history([], DAY, 7) == {}


spans = st.tuples(st.integers(-200, 60), st.none() | st.integers(0, 120))
histories = st.lists(spans, max_size=30).map(
    lambda drawn: [
        task(f"t{number}", created, None if length is None else created + length)
        for number, (created, length) in enumerate(drawn)
    ]
)


@given(histories, st.integers(1, 40))
def test_every_task_is_in_exactly_one_part_of_the_history(tasks: list[Task], cadence: int) -> None:
    history = split_history(tasks, DAY, cadence).get("P")
    if history is None:
        assert tasks == []
        return
    completed = [identifier for sprint in history.sprints for identifier in ids(sprint.completed)]
    assert sorted(completed) == sorted(ids(t for t in tasks if t.finished and t.finished < DAY))
    on_the_day = ids(t for t in tasks if t.finished == DAY and t.created <= DAY)
    places = completed + ids(history.backlog) + on_the_day + ids(history.created_later)
    assert sorted(places) == sorted(ids(tasks))


@given(histories, st.integers(1, 40))
def test_windows_follow_each_other_and_contain_their_own_tasks(
    tasks: list[Task], cadence: int
) -> None:
    for history in split_history(tasks, DAY, cadence).values():
        start = DAY - timedelta(cadence * len(history.sprints))
        for number, sprint in enumerate(history.sprints, start=1):
            assert (sprint.number, sprint.start_date) == (number, start)
            assert sprint.end_date == start + timedelta(cadence - 1)
            for done in sprint.completed:
                assert done.finished is not None
                assert start <= done.finished <= sprint.end_date
            assert sprint.arrived == len(set(ids(sprint.completed)) & set(ids(sprint.created)))
            assert sprint.open_at_start == sum(open_before(task, start) for task in tasks)
            assert ids(sprint.created) == ids(
                sorted(
                    (t for t in tasks if start <= t.created <= sprint.end_date),
                    key=lambda t: (t.created, t.id),
                )
            )
            start += timedelta(cadence)
        assert not history.sprints or history.sprints[0].completed


@given(histories, st.randoms(use_true_random=False))
def test_history_ignores_the_order_of_rows(tasks: list[Task], random: Random) -> None:
    assert split_history(random.sample(tasks, len(tasks)), DAY, 14) == split_history(tasks, DAY, 14)
