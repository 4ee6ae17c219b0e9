"""Changes of a later export are counted by kind."""

from dataclasses import replace
from datetime import date, timedelta

from agent.importing.history.changes import Changes, count_changes
from agent.importing.history.known_rows import KnownRows
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


def test_every_kind_of_change_is_counted() -> None:
    changes = count(
        [task("1"), task("2", finished=-1), task("3"), task("4"), task("5"), task("6"), task("7")],
        [
            task("1", finished=3),
            task("2"),
            task("3", title="Better"),
            task("4", assignee="Ann"),
            task("5", priority="High", labels=("a",)),
            task("6"),
            task("8", created=2),
            task("9", created=20),
        ],
    )
    assert changes == Changes(
        new=1, finished=1, reopened=1, renamed=1, other_owner=1, other_details=1, missing=1
    )
    assert changes.any
    assert changes.sentence() == (
        "1 new, 1 finished, 1 reopened, 1 renamed, 1 with another owner, 1 with another priority, "
        "type, estimate or other labels, 1 not in the file: they stay as they are"
    )


def test_what_was_kept_back_before_is_a_change_once_its_day_comes() -> None:
    same = [task("1", finished=5), task("2", created=3), task("3", created=30)]
    assert count(same, same) == Changes(new=1, finished=1)


def test_the_same_rows_on_the_same_day_are_no_change() -> None:
    before = rows(task("1"), task("2", finished=-1), task("3", created=3))
    changes = count_changes(before, before, DAY, {"1", "2", "3"})
    assert (changes.any, changes.sentence()) == (False, "")
    # A task that was finished needs no row any more.
    assert count_changes(before, before, DAY, {"1"}).missing == 0
