from hypothesis import given
from hypothesis import strategies as st

from graphs.evidence.chances import chances_now, pool_chances
from graphs.evidence.selection import age_in_words, plannable_order, select
from tests.unit.evidence.sprints import ages, by_class, candidate

CHANCES = pool_chances(14)
OWN = chances_now(ages([(by_class(d7=10, d112=10), by_class(d7=6, d112=1))] * 12, by_class()))


def test_first_plannable_tasks_are_chosen_in_the_backlogs_order() -> None:
    order = plannable_order([candidate(n) for n in range(1, 6)])
    selection = select(order, 3, 8, CHANCES)
    assert [task.task_id for task in selection.tasks] == ["T1", "T2", "T3"]
    assert [task.task_id for task in selection.left_out] == ["T4", "T5"]
    assert selection.left_out[0].reason == "comes after the 3 planned tasks"
    assert selection.left_out_count == 5


def test_task_that_waits_for_another_one_follows_it_or_is_left_out() -> None:
    order = plannable_order(
        [
            candidate(1, waits_for=["T3"]),
            candidate(2, waits_for=["T9"]),
            candidate(3),
            candidate(4, waits_for=["T1"]),
            candidate(5),
        ]
    )
    assert [task.task_id for task in order.plannable] == ["T3", "T1", "T4", "T5"]
    selection = select(order, 2, 5, CHANCES)
    assert [task.reason for task in selection.left_out] == [
        "follows T1, and comes after the 2 planned tasks",
        "comes after the 2 planned tasks",
        "waits for T9",
    ]


def test_backlog_in_which_every_task_waits_has_nothing_to_plan() -> None:
    circle = [candidate(1, waits_for=["T2"]), candidate(2, waits_for=["T1"])]
    order = plannable_order(circle)
    assert order.plannable == ()
    assert select(order, 0, 2, CHANCES).tasks == ()


WAITS = st.lists(st.lists(st.integers(1, 12), max_size=3, unique=True), min_size=1, max_size=12)


@given(WAITS)
def test_every_task_is_planned_after_the_ones_it_waits_for_or_waits(waits: list[list[int]]) -> None:
    candidates = [
        candidate(number, waits_for=[f"T{other}" for other in others if other != number])
        for number, others in enumerate(waits, start=1)
    ]
    order = plannable_order(candidates)
    placed: set[str] = set()
    for task in order.plannable:
        assert placed.issuperset(task.waits_for)
        placed.add(task.task_id)
    assert len(order.plannable) + len(order.waiting) == len(candidates)
    assert all(not placed.issuperset(task.waits_for) for task in order.waiting)


def test_reason_is_the_first_criterion_that_put_a_task_there() -> None:
    order = plannable_order(
        [
            candidate(1, rank=4, priority=5),
            candidate(2, carried_over=True),
            candidate(3, priority=1),
            candidate(4, priority=3),
        ]
    )
    reasons = [task.reason for task in select(order, 4, 4, CHANCES).tasks]
    assert reasons == [
        "rank 4 of the Product Owner",
        "carried over or begun",
        "priority 1",
        "priority 3",
    ]
    by_age = plannable_order([candidate(1, age_days=2), candidate(2, age_days=200)])
    (youngest,) = select(by_age, 1, 2, CHANCES).tasks
    assert youngest.reason == "how often tasks of its age are finished"
    alike = plannable_order([candidate(1), candidate(2)])
    assert select(alike, 1, 2, CHANCES).tasks[0].reason == "oldest first"


def test_points_of_the_estimated_tasks_are_summed() -> None:
    order = plannable_order([candidate(1, estimate=3.0), candidate(2), candidate(3, estimate=5.5)])
    selection = select(order, 3, 3, CHANCES)
    assert (selection.points, selection.estimated_tasks) == (8.5, 2)
    assert select(plannable_order([candidate(1)]), 1, 1, CHANCES).points is None


def test_stale_task_is_chosen_and_named_with_what_to_do() -> None:
    order = plannable_order([candidate(1, age_days=430, rank=1), candidate(2, age_days=8)])
    selection = select(order, 2, 2, OWN)
    assert [task.is_stale for task in selection.tasks] == [True, False]
    (warning,) = selection.warnings
    assert warning.startswith("T1 has been open for 14 months; of tasks this old ")
    assert warning.endswith("confirm, split or drop it")
    (foreign,) = select(order, 2, 2, CHANCES).warnings
    assert "of tasks this old in other projects" in foreign


def test_chances_of_the_chosen_tasks_add_up() -> None:
    order = plannable_order([candidate(1, age_days=8), candidate(2, age_days=430)])
    selection = select(order, 2, 2, OWN)
    assert selection.expected_finished == sum(task.chance for task in selection.tasks)
    assert selection.tasks[0].chance_in_words == "finished within two weeks: 6 of 10 of this age"


def test_age_is_told_in_days_then_in_months() -> None:
    assert [age_in_words(days) for days in (1, 89, 90, 426)] == [
        "1 day",
        "89 days",
        "3 months",
        "14 months",
    ]
