"""Past sprints and windows are filled with the tasks that were in them."""

from datetime import date
from typing import Any

import pytest

from agent.importing.history.filling import PastSprint, fill_spans, worked_sprints
from agent.importing.history.spans import Span
from agent.importing.meaning.statuses import State
from agent.importing.tasks import Task, TrackerSprint


def march(day: int) -> date:
    return date(2024, 3, day)


def task(name: str, created: int, finished: int | None = None, **values: Any) -> Task:
    end = None if finished is None else march(finished)
    return Task(name, "P", march(created), end, **values)


def sprint(name: str, start: int, end: int, **values: Any) -> TrackerSprint:
    return TrackerSprint("P", name, march(start), march(end), **values)


def span(name: str, start: int, end: int, until: int | None = None, **values: Any) -> Span:
    gap = None if until is None else march(until)
    return Span(march(start), march(end), sprint(name, start, end, **values), gap)


def window(start: int, end: int, until: int | None = None) -> Span:
    return Span(march(start), march(end), None, None if until is None else march(until))


def ids(tasks: tuple[Task, ...]) -> list[str]:
    return [task.id for task in tasks]


def only(tasks: list[Task], *spans: Span) -> PastSprint:
    (past,) = fill_spans(tasks, spans)
    return past


def test_sprint_of_the_tracker_is_its_tasks_and_what_was_finished_beside_them() -> None:
    tasks = [
        task("late", 5, 12, sprints=("A",)),
        task("done", 1, 6, sprints=("A",)),
        task("beside", 4, 17),
        task("gap", 1, 19),
        task("open", 1, sprints=("A", "A")),
        task("elsewhere", 1, 6, sprints=("B",)),
    ]
    past = only(tasks, span("A", 4, 17, until=20))
    assert (ids(past.completed), ids(past.unfinished)) == (["done", "late"], ["open"])
    assert ids(past.outside) == ["elsewhere", "gap", "beside"]
    assert ids(past.created) == ["beside", "late"]
    assert (past.number, past.name, past.arrived, past.among_sprints) == (1, "A", 2, False)
    # The late task came after the first day.
    assert (past.committed, past.commitment_known, past.inferred) == (2, False, False)


def test_window_has_what_was_finished_in_its_days_and_beside_it_what_was_in_its_gap() -> None:
    tasks = [task("in", 1, 17), task("gap", 1, 18), task("after", 1, 21)]
    past = only(tasks, window(4, 17, until=20))
    assert (ids(past.completed), ids(past.outside)) == (["in"], ["gap"])
    assert (past.name, past.committed, past.among_sprints) == (None, None, False)
    assert (past.commitment_known, past.inferred) == (False, False)


def test_window_beside_sprints_says_so_and_each_has_its_number() -> None:
    first, second = fill_spans([task("x", 1)], [window(4, 10), span("A", 11, 17)])
    assert (first.number, first.among_sprints) == (1, True)
    assert (second.number, second.among_sprints) == (2, False)


def test_task_of_two_sprints_side_by_side_counts_for_the_last_of_its_own() -> None:
    tasks = [task("x", 1, 12, sprints=("A", "B"))]
    first, second = fill_spans(tasks, [span("A", 4, 17), span("B", 11, 24)])
    assert (ids(first.completed), ids(second.completed)) == ([], ["x"])
    assert ids(first.unfinished) == ["x"]


def test_commitment_of_a_change_log_outweighs_the_days_of_creation() -> None:
    tasks = [task("x", 1, sprints=("A",)), task("y", 8, sprints=("A",))]
    past = only(tasks, span("A", 4, 17, committed=("y", "moved away")))
    assert (past.committed, past.commitment_known) == (1, True)


def test_inferred_sprint_was_committed_to_as_a_whole() -> None:
    tasks = [task("x", 1, sprints=("A",)), task("y", 8, sprints=("A",))]
    past = only(tasks, span("A", 4, 17, inferred=True))
    assert (past.committed, past.inferred) == (2, True)


@pytest.mark.parametrize(
    ("ran_until", "ended_on", "end"), [(14, 14, 17), (17, None, 17), (20, None, 20)]
)
def test_sprint_has_its_planned_days_and_the_day_of_an_early_end(
    ran_until: int, ended_on: int | None, end: int
) -> None:
    past = only([task("x", 1)], Span(march(4), march(ran_until), sprint("A", 4, 17)))
    assert past.ended_on == (None if ended_on is None else march(ended_on))
    assert past.end_date == march(end)


def test_sprint_without_a_planned_end_has_the_days_that_it_ran() -> None:
    endless = TrackerSprint("P", "A", march(4), None, march(17))
    past = only([task("x", 1)], Span(march(4), march(17), endless))
    assert (past.end_date, past.ended_on) == (march(17), None)


def test_task_counts_as_open_until_its_known_end() -> None:
    tasks = [
        task("open", 3),
        task("same day", 4),
        task("ended before", 1, 3),
        task("ends", 1, 4),
        task("dropped", 1, dropped=march(5), state=State.DROPPED),
        # Nobody knows whether it was open then.
        task("closed", 1, state=State.DONE),
    ]
    assert only(tasks, window(4, 17)).open_at_start == 3


def test_task_that_cannot_have_been_in_a_sprint_is_not_unfinished_in_it() -> None:
    tasks = [
        task("created after", 18, sprints=("A",)),
        task("created last day", 17, sprints=("A",)),
        task("ended before", 1, 3, sprints=("A",)),
        task("ended later", 1, 18, sprints=("A",)),
        task("closed", 1, state=State.DONE, sprints=("A",)),
    ]
    past = only(tasks, span("A", 4, 17))
    assert ids(past.unfinished) == ["ended later", "created last day"]


@pytest.mark.parametrize(("known_until", "count"), [(9, 0), (10, 1), (None, 1)])
def test_half_of_a_sprint_must_be_known(known_until: int | None, count: int) -> None:
    sprints = fill_spans([task("x", 1, 5)], [window(4, 17)])
    known = None if known_until is None else march(known_until)
    assert len(worked_sprints(sprints, known)) == count


def test_windows_before_the_first_finish_are_left_out_and_sprints_are_not() -> None:
    windows = fill_spans([task("x", 1, 12)], [window(4, 10), window(11, 17), window(18, 24)])
    assert [past.number for past in worked_sprints(windows, None)] == [2, 3]
    assert worked_sprints(windows[:1], None) == []
    sprints = fill_spans([task("x", 1, 12)], [span("A", 4, 10), window(11, 17)])
    assert [past.number for past in worked_sprints(sprints, None)] == [1, 2]
