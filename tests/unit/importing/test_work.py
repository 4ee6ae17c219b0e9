"""Containers become labels, parts become lines of their task, and both are never planned."""

from datetime import date

from agent.importing.history.work import work_of
from agent.importing.tasks import Kind, Task

DAY = date(2024, 3, 4)


def task(
    identifier: str, kind: Kind = Kind.WORK, parent: str | None = None, title: str = ""
) -> Task:
    return Task(identifier, "HIE", DAY, title=title or None, kind=kind, parent=parent)


def test_container_becomes_the_first_label_of_its_tasks() -> None:
    epic = task("1", Kind.CONTAINER, title=f"Theme  {'x' * 200}")
    (story,) = work_of([epic, Task("2", "HIE", DAY, parent="1", labels=("a",))])
    assert story.labels == (f"epic: Theme {'x' * 88}", "a")
    assert len(story.labels[0]) == 100


def test_parts_become_the_checklist_of_their_task() -> None:
    rows = [task("1", title="Story"), task("2", Kind.PART, "1", "Step"), task("3", Kind.PART, "2")]
    (story,) = work_of(rows)
    assert story.checklist == ("2: Step", "3")


def test_container_of_a_container_is_not_the_label() -> None:
    rows = [task("1", Kind.CONTAINER), task("2", Kind.CONTAINER, "1"), task("3", parent="2")]
    assert [(work.id, work.labels) for work in work_of(rows)] == [("3", ("epic: 2",))]


def test_row_that_was_left_out_is_neither_work_nor_a_label() -> None:
    rows = [
        task("1", Kind.CONTAINER, title="Theme"),
        task("2", Kind.LEFT_OUT, "1", title="Story"),
        task("3", parent="2"),
    ]
    assert [(work.id, work.labels) for work in work_of(rows)] == [("3", ("epic: Theme",))]


def test_part_without_a_task_to_go_with_is_work() -> None:
    rows = [
        task("1", Kind.CONTAINER, title="Theme"),
        task("2", Kind.PART, "1"),
        task("3", Kind.PART, "9"),
        task("4", Kind.PART),
    ]
    work = work_of(rows)
    assert [one.id for one in work] == ["2", "3", "4"]
    assert work[0].labels == ("epic: Theme",)


def test_parts_of_each_other_are_work() -> None:
    rows = [task("1", Kind.PART, "2"), task("2", Kind.PART, "1"), task("3", parent="3")]
    assert [one.id for one in work_of(rows)] == ["1", "2", "3"]


def test_parent_of_another_project_is_no_parent() -> None:
    epic = Task("1", "OTHER", DAY, kind=Kind.CONTAINER)
    assert [one.labels for one in work_of([epic, task("2", parent="1")])] == [()]
