"""Sprints of the tracker become the past sprints of a project, and say which ones run."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.importing.history.filling import PastSprint
from agent.importing.history.history_windows import ProjectHistory, split_history
from agent.importing.history.union import unite_sprints
from agent.importing.loading.documents import retrospective
from agent.importing.meaning.statuses import State
from agent.importing.tasks import Kind, Task, TrackerSprint, Transition

FIRST = date(2024, 3, 4)


def day(number: int) -> date:
    return FIRST + timedelta(number)


def task(
    name: str, created: int, finished: int | None = None, *sprints: str, **fields: object
) -> Task:
    end = None if finished is None else day(finished)
    one = Task(name, "SHOP", day(created), end, sprints=sprints)
    return replace(one, **fields)  # pyright: ignore[reportArgumentType]


def sprint(name: str, start: int | None, end: int | None, **fields: object) -> TrackerSprint:
    first = None if start is None else day(start)
    last = None if end is None else day(end)
    one = TrackerSprint("SHOP", name, first, last)
    return replace(one, **fields)  # pyright: ignore[reportArgumentType]


def split(
    tasks: Sequence[Task], as_of: int, *sprints: TrackerSprint, cadence: int = 14
) -> ProjectHistory:
    return split_history(tasks, day(as_of), cadence, None, sprints)["SHOP"]


def ids(tasks: Sequence[Task]) -> list[str]:
    return [task.id for task in tasks]


def named(history: ProjectHistory) -> dict[str, PastSprint]:
    return {one.name or str(one.number): one for one in history.sprints}


def facts(one: PastSprint) -> tuple[list[str], list[str], int | None]:
    return ids(one.completed), ids(one.unfinished), one.committed


def running(history: ProjectHistory) -> list[str]:
    return [one.name for one in history.timeline.running]


BOARD = [
    task("1", 1, 7, "Board 6"),
    task("2", 2, 8, "Board 6"),
    task("3", 3, 9, "Board 7"),
    task("4", 4, 10, "Board 6", "Board 7"),
    task("5", 5, None, "Board 7", state=State.DOING),
    task("6", 6, None, "Board 6", "Board 7", state=State.DOING),
    task("7", 7, None, "Board 7", state=State.TO_DO),
    task("8", 8),
]


def test_running_sprint_known_by_name_alone_is_no_history_yet() -> None:
    history = split(BOARD, 14)
    assert {name: facts(one) for name, one in named(history).items()} == {
        "Board 6": (["1", "2"], ["4", "6"], 4)
    }
    assert named(history)["Board 6"].inferred
    assert running(history) == ["Board 7"]
    assert ids(history.backlog) == ["5", "6", "7", "8"]


def test_sprint_known_by_name_alone_runs_no_longer_after_weeks_without_a_finish() -> None:
    history = split(BOARD, 60)
    assert running(history) == []
    assert facts(named(history)["Board 7"]) == (["3", "4"], ["5", "6", "7"], 5)


def test_sprint_to_come_is_neither_history_nor_running() -> None:
    tasks = [task("1", 0, 5, "A"), task("2", 0, None, "B", state=State.TO_DO)]
    history = split(tasks, 7)
    assert (list(named(history)), running(history)) == (["A"], [])
    begun = [tasks[0], replace(tasks[1], state=State.DOING)]
    assert running(split(begun, 7)) == ["B"]


@pytest.mark.parametrize(
    ("fields", "as_of", "runs"),
    [
        ({}, 14, True),
        ({}, 15, False),
        ({"state": "active"}, 20, True),
        ({"state": "closed", "closed": day(16)}, 16, True),
        ({"state": "closed", "closed": day(16)}, 17, False),
        ({"state": "closed", "closed": day(9)}, 10, False),
        ({"state": "future"}, 10, False),
    ],
)
def test_sprint_with_days_runs_until_it_is_closed(
    fields: dict[str, object], as_of: int, runs: bool
) -> None:
    tasks = [task("1", 0, 2, "A"), task("2", 0, None, "A")]
    history = split(tasks, as_of, sprint("A", 1, 14, **fields))
    assert running(history) == (["A"] if runs else [])
    assert ("A" in named(history)) is (not runs and fields.get("state") != "future")


def test_commitment_is_what_existed_at_the_start_or_what_the_change_log_tells() -> None:
    tasks = [
        task("1", 0, 3, "A"),
        task("2", 1, None, "A"),
        task("3", 2, 5, "A"),
        task("step", 0, None, "A", kind=Kind.PART, parent="1"),
    ]
    history = split(tasks, 20, sprint("A", 1, 14))
    assert facts(named(history)["A"]) == (["1", "3"], ["2"], 2)
    history = split(tasks, 20, sprint("A", 1, 14, committed=("1", "2", "3", "step")))
    assert facts(named(history)["A"]) == (["1", "3"], ["2"], 3)


def test_work_outside_a_sprint_counts_for_the_days_of_the_sprint() -> None:
    tasks = [
        task("1", 0, 3, "A"),
        task("2", 0, 4),
        task("3", 0, 16, "A"),
        task("4", 0, None, "A", dropped=day(5)),
        task("5", 0, None, "A", state=State.DONE),
    ]
    (one,) = split(tasks, 20, sprint("A", 1, 14)).sprints
    assert facts(one) == (["1"], ["3", "4"], 3)
    # Task 3 was finished in the gap behind the sprint, which is too short for a window.
    assert ids(one.outside) == ["2", "3"]


def test_windows_fill_the_days_without_a_sprint() -> None:
    tasks = [task("1", 0, 3), task("2", 0, 30, "A"), task("3", 0, 62), task("4", 20, 45)]
    history = split(tasks, 70, sprint("A", 28, 41))
    spans = [
        (one.name, (one.start_date - FIRST).days, ids(one.finished)) for one in history.sprints
    ]
    assert spans == [
        (None, 0, ["1"]),
        (None, 14, []),
        ("A", 28, ["2"]),
        (None, 42, ["4"]),
        (None, 56, ["3"]),
    ]


def test_window_beside_sprints_is_not_named_as_one() -> None:
    tasks = [task("1", 0, 3), task("2", 0, 30, "Sprint 1")]
    history = split(tasks, 70, sprint("Sprint 1", 28, 41))
    names = [retrospective("SHOP", one).sprint_name for one in history.sprints]
    assert names[:3] == [
        "No sprint, 2024-03-04 to 2024-03-17",
        "No sprint, 2024-03-18 to 2024-03-31",
        "Sprint 1",
    ]


def test_sprint_ends_before_the_next_one_where_they_share_a_day() -> None:
    tasks = [task("1", 0, 14, "A"), task("2", 0, 15, "B"), task("3", 0, 14)]
    history = split(tasks, 40, sprint("A", 0, 14), sprint("B", 14, 28))
    assert [(one.name, one.end_date) for one in history.sprints] == [("A", day(13)), ("B", day(28))]
    assert [ids(one.finished) for one in history.sprints] == [[], ["2", "1", "3"]]


def test_sprints_side_by_side_keep_their_days_and_tasks() -> None:
    tasks = [task("1", 0, 5, "Web"), task("2", 0, 5, "App"), task("3", 0, 6)]
    history = split(tasks, 20, sprint("Web", 1, 10), sprint("App", 2, 12))
    assert {name: ids(one.finished) for name, one in named(history).items()} == {
        "Web": ["1"],
        "App": ["2", "3"],
    }


def test_inferred_days_give_way_to_known_ones() -> None:
    tasks = [task("1", 0, 12, "A"), task("2", 0, 20, "B")]
    history = split(tasks, 40, sprint("A", 1, 14))
    assert [(one.name, one.start_date) for one in history.sprints][:2] == [
        ("A", day(1)),
        ("B", day(15)),
    ]


def test_work_in_progress_is_seen_as_of_the_day() -> None:
    known = task("1", 0, None, state=State.DOING, started=day(5))
    assert [known.is_begun(day(number)) for number in (4, 5)] == [False, True]
    changes = (Transition(day(3), "Doing", State.DOING), Transition(day(6), "Open", State.TO_DO))
    moved = task("2", 0, None, state=State.TO_DO, transitions=changes)
    assert [moved.is_begun(day(number)) for number in (2, 3, 6)] == [False, True, False]
    assert not task("3", 0, 4, state=State.DOING, started=day(1)).is_begun(day(4))


NAMES = st.lists(st.sampled_from(["A", "B", "C"]), max_size=3, unique=True)
TASKS = st.lists(
    st.tuples(st.integers(0, 80), st.none() | st.integers(0, 40), NAMES), min_size=1, max_size=20
)
SPRINTS = st.lists(
    st.tuples(st.sampled_from(["A", "B", "C"]), st.integers(0, 80), st.integers(0, 30)),
    max_size=3,
    unique_by=lambda one: one[0],
)


@given(rows=TASKS, sprints=SPRINTS, as_of=st.integers(60, 120))
def test_each_finished_task_counts_once_at_most(
    rows: list[tuple[int, int | None, list[str]]],
    sprints: list[tuple[str, int, int]],
    as_of: int,
) -> None:
    tasks = [
        task(str(number), created, None if length is None else created + length, *names)
        for number, (created, length, names) in enumerate(rows)
    ]
    known = [sprint(name, start, start + length) for name, start, length in sprints]
    history = split(tasks, as_of, *known)
    counted = [one.id for past in history.sprints for one in past.finished]
    assert len(counted) == len(set(counted))
    ended = {one.id for one in tasks if one.finished and one.finished < day(as_of)}
    assert set(counted) <= ended
    if not history.timeline.running and history.sprints:
        first, last = history.sprints[0].start_date, history.sprints[-1]
        inside = {one.id for one in tasks if one.id in ended and one.finished >= first}
        assert inside == set(counted), last


def test_sprint_of_a_later_file_keeps_what_only_the_earlier_one_told() -> None:
    before = sprint("A", 1, 14, state="active", committed=("1",))
    closed = sprint("A", None, None, closed=day(15), state="closed")
    other = TrackerSprint("WEB", "A", None, None)
    assert unite_sprints([[before], [other, closed]]) == [
        replace(before, closed=day(15), state="closed"),
        other,
    ]
    (again,) = unite_sprints([[before, closed], [sprint("A", 1, 20, state="active")]])
    assert (again.end, again.closed) == (day(20), None)
