"""Tasks of a decision on its page: their order, their columns, and what is said of them."""

from agent.cli.report_tasks import task_rows, task_table
from tests.unit.cli.answers import (
    answer,
    created,
    selected,
    selection,
    task,
)
from tests.unit.cli.printing import MIXED, Situation, page, printed


def test_stale_tasks_are_always_named_and_many_of_them_by_why() -> None:
    assert "Stale: P1-TASK004 has been open for 14 months" in page(Situation(answer(chosen=MIXED)))
    many = selection(
        tuple(selected(number, is_stale=True) for number in range(1, 9)),
        warnings=tuple(f"P1-TASK00{number} is old" for number in range(1, 9)),
    )
    text = page(Situation(answer(chosen=many)))
    assert text.count("is old") == 5
    assert "Stale: 3 more stale tasks, listed by --why." in text
    assert page(Situation(answer(chosen=many), why=True)).count("is old") == 8


def test_columns_are_shown_where_tasks_differ() -> None:
    same, *lines = task_table(task_rows(answer()))
    for part in ("why", "priority", "assigned to", "points"):
        assert part not in printed(same)
    assert [printed(line, 100).strip() for line in lines] == [
        "why: how often tasks of its age are finished",
        "chance: finished within two weeks, of tasks of this age; 7.4 of these 12 by age alone",
    ]
    mixed, *lines = task_table(task_rows(answer(chosen=MIXED)))
    for part in ("why", "priority", "points", "rank 1 of the Product Owner", "6 of 10", "1 of 100"):
        assert part in printed(mixed)
    assert len(lines) == 1


def test_tasks_of_a_created_sprint_stand_in_planning_order() -> None:
    reversed_order = selection(tuple(map(selected, (3, 1, 2))))
    rows = task_rows(answer(new=created(4), chosen=reversed_order))
    assert [row.task_id[-1] for row in rows] == ["3", "1", "2", "4"]


def test_points_are_summed_over_the_estimated_tasks() -> None:
    assert "13 in 2 estimated tasks, of 4" in page(Situation(answer(chosen=MIXED)))


def test_titles_are_printed_without_markup_and_terminal_codes() -> None:
    titles = ["[/login] returns 500", "[ui] header is cut off", "a\x1b[31mb"]
    tasks = [task(number, title) for number, title in enumerate(titles, start=1)]
    tasks = [item.model_copy(update={"assigned_to": "[b]ann"}) for item in tasks]
    new = created().model_copy(update={"tasks": tasks})
    table, *_ = task_table(task_rows(answer(new=new)))
    text = printed(table)
    assert "[/login] returns 500" in text
    assert "[ui] header is cut off" in text
    assert "[b]ann" in text
    assert "\x1b" not in text


def test_long_sprint_is_cut_and_whole_with_the_reasons() -> None:
    long = answer(new=created(40))
    assert "and 25 more tasks, listed by --why" in page(Situation(long))
    assert "P1-TASK040" in page(Situation(long, why=True))
