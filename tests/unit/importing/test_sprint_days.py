"""Days of sprints that are known by name alone follow from the finish days of their tasks."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from agent.importing.history.sprint_days import InferredDays, infer_days

FIRST = date(2024, 1, 1)


def day(number: int) -> date:
    return FIRST + timedelta(number)


def infer(**finishes: list[int]) -> dict[str, tuple[int, int]]:
    """Infer days, counted from the first one."""
    dates = {
        name.replace("_", " "): [day(number) for number in numbers]
        for name, numbers in finishes.items()
    }
    return {
        name: ((days.start - FIRST).days, (days.end - FIRST).days)
        for name, days in infer_days(dates, FIRST, 14).items()
    }


def test_sprints_follow_each_other() -> None:
    assert infer(A=[3, 12, 13], B=[20, 27], C=[30, 41]) == {
        "A": (0, 13),
        "B": (14, 27),
        "C": (28, 41),
    }


def test_first_sprint_has_the_typical_length() -> None:
    assert infer(A=[40, 41], B=[48], C=[55]) == {"A": (35, 41), "B": (42, 48), "C": (49, 55)}


def test_lone_sprint_has_the_length_of_a_window_and_begins_with_the_project() -> None:
    assert infer(A=[41]) == {"A": (28, 41)}
    assert infer(A=[5]) == {"A": (0, 5)}


def test_task_finished_long_after_its_sprint_moves_no_border() -> None:
    assert infer(A=[11, 12, 13, 60], B=[25, 26, 27], C=[40, 41]) == {
        "A": (0, 13),
        "B": (14, 27),
        "C": (28, 41),
    }


def test_sprint_after_a_long_pause_begins_a_typical_length_before_its_end() -> None:
    assert infer(A=[13], B=[27], C=[41], D=[300])["D"] == (287, 300)


def test_names_with_numbers_decide_between_equal_days() -> None:
    assert infer(Sprint_10=[5], Sprint_9=[5]) == {"Sprint 9": (0, 5), "Sprint 10": (6, 6)}


def test_sprint_without_a_finish_has_no_days() -> None:
    assert infer(A=[]) == {}


@given(st.dictionaries(st.text("AB1 ", min_size=1), st.lists(st.integers(0, 400), max_size=8)))
def test_inferred_days_never_overlap(finishes: dict[str, list[int]]) -> None:
    dates = {name: [day(number) for number in numbers] for name, numbers in finishes.items()}
    days = sorted(infer_days(dates, FIRST, 14).values(), key=lambda one: one.start)
    assert len(days) == sum(bool(numbers) for numbers in finishes.values())
    assert all(one.start <= one.end for one in days)
    later: list[InferredDays] = days[1:]
    assert all(one.end < following.start for one, following in zip(days, later, strict=False))
