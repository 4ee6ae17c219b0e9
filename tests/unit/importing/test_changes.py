"""Changes of a later export are counted by kind."""

from dataclasses import replace
from datetime import date, timedelta

from agent.importing.history.changes import Changes, count_changes
from agent.importing.history.known_rows import KnownRows
from agent.importing.meaning.statuses import State
from agent.importing.tasks import Task

DAY = date(2024, 3, 19)
LATER = DAY + timedelta(14)


def task(name: str, created: int = -10, finished: int | None = None, **fields: object) -> Task:
    end = None if finished is None else DAY + timedelta(finished)
    return replace(Task(name, "SHOP", DAY + timedelta(created), end), **fields)  # pyright: ignore[reportArgumentType]


def rows(*tasks: Task, day: date = DAY) -> KnownRows:
    return KnownRows("SHOP", day, 14, day, tasks)


def count(before: list[Task], after: list[Task]) -> Changes:
    ids = {task.id for task in after}
    united = {task.id: task for task in [*before, *after]}
    return count_changes(rows(*before), rows(*united.values(), day=LATER), LATER, ids)


BEFORE = [
    task("1"),
    task("2", finished=-1),
    task("3"),
    task("4", assignee="Bob"),
    task("5", estimate=3.0, labels=("b",)),
    task("6"),
    task("7"),
    task("10"),
    task("11", state=State.TO_DO),
    task("12", finished=-2),
    task("13", sprints=("One",)),
]
AFTER = [
    task("1", finished=3),
    task("2"),
    task("3", title="Better"),
    task("4", assignee="Ann"),
    task("5", estimate=5.0, priority="High", type="Bug"),
    task("6"),
    task("8", created=2),
    task("9", created=20),
    task("10", dropped=DAY + timedelta(4)),
    task("11", state=State.DONE),
    task("12", finished=-1),
    task("13", sprints=("One", "Two"), state=State.DOING),
]


def test_every_kind_of_change_is_counted() -> None:
    changes = count(BEFORE, AFTER)
    assert changes == Changes(
        new=1,
        finished=1,
        other_finish=1,
        reopened=1,
        dropped=1,
        done_on_unknown_day=1,
        begun=1,
        renamed=1,
        other_owner=1,
        other_estimate=1,
        other_priority=1,
        other_type=1,
        other_labels=1,
        other_sprint=1,
        missing=1,
        closed=2,
        other_details=1,
    )
    assert changes.any
    assert changes.sentence() == (
        "1 new, 1 finished, 1 finished on another day, 1 reopened, 1 dropped, "
        "1 done on an unknown day, 1 begun, 1 renamed, 1 with another owner, "
        "1 with another estimate, 1 with another priority, 1 with another type, "
        "1 with other labels, 1 in another sprint, 1 not in the file: they stay as they are"
    )


def test_each_changed_task_is_named_with_what_has_changed() -> None:
    changes = count(BEFORE, AFTER)
    assert changes.tasks == 10
    assert {one.task: one.changes for one in changes.first} == {
        "1": ("finished on 2024-03-22",),
        "2": ("reopened",),
        "3": ("title none -> Better",),
        "4": ("owner Bob -> Ann",),
        "5": ("estimate 3 -> 5", "priority none -> High", "type none -> Bug", "labels b -> none"),
        "8": ("new",),
        "10": ("dropped on 2024-03-23",),
        "11": ("done on an unknown day",),
        "12": ("finished on 2024-03-18 instead of 2024-03-17",),
        "13": ("begun", "sprint One -> Two"),
    }


def test_first_changes_are_named_and_all_are_counted() -> None:
    changes = count([], [task(str(number)) for number in range(150)])
    assert (changes.new, changes.tasks, len(changes.first)) == (150, 150, 100)


def test_what_was_kept_back_before_is_a_change_once_its_day_comes() -> None:
    same = [task("1", finished=5), task("2", created=3), task("3", created=30)]
    assert count(same, same) == Changes(new=1, finished=1)


def test_the_same_rows_on_the_same_day_are_no_change() -> None:
    before = rows(task("1"), task("2", finished=-1), task("3", created=3))
    changes = count_changes(before, before, DAY, {"1", "2", "3"})
    assert (changes.any, changes.sentence()) == (False, "")
    # A task that was finished needs no row any more.
    assert count_changes(before, before, DAY, {"1"}).missing == 0
