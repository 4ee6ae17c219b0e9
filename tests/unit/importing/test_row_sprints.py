"""Sprints of rows, by one or several columns, with the days that rows and cells tell."""

from datetime import date

import pytest

from agent.importing.reading.row_sprints import MAX_NAME, RowSprints
from agent.importing.reading.values import Values

FIRST, LAST, LATER = date(2024, 3, 4), date(2024, 3, 17), date(2024, 3, 18)
OBJECT = "com.atlassian.greenhopper.service.sprint.Sprint@1"


def day_of(field: str, values: Values) -> date | None:
    text = values.first.get(field)
    return date.fromisoformat(text) if text else None


def values_of(*texts: str, start: str | None = None, end: str | None = None) -> Values:
    days = {"sprint_start": start, "sprint_end": end}
    first = {field: text for field, text in days.items() if text is not None}
    return Values({"sprint": next(iter(texts), ""), **first}, {"sprint": texts})


def days_of(sprints: RowSprints, name: str, project: str = "P") -> tuple[date | None, date | None]:
    sprint = sprints.sprints[project, name]
    return sprint.start, sprint.end


def test_row_without_a_sprint_names_none() -> None:
    sprints = RowSprints(("Iteration Path",))
    assert sprints.read(Values({}, {}), "P", day_of) == ()
    assert sprints.read(values_of("", ""), "P", day_of) == ()
    # The root of a path is no sprint.
    assert sprints.read(values_of("Shop"), "P", day_of) == ()
    assert sprints.sprints == {}


def test_columns_of_one_name_hold_several_sprints_and_another_column_is_left_out() -> None:
    sprints = RowSprints(("Sprint", "Sprint", "Iteration"))
    assert sprints.read(values_of("A", "B", "C"), "P", day_of) == ("A", "B")
    assert sprints.read(values_of("", "", "C"), "P", day_of) == ("C",)
    assert sprints.read(values_of("A", "", "C"), "P", day_of) == ("A",)
    assert sorted(sprints.sprints) == [("P", "A"), ("P", "B"), ("P", "C")]


def test_sprint_that_a_row_names_twice_counts_once() -> None:
    sprints = RowSprints(("Sprint", "Sprint"))
    assert sprints.read(values_of("A", "A"), "P", day_of) == ("A",)


def test_days_of_a_row_are_those_of_its_last_sprint() -> None:
    sprints = RowSprints(("Sprint", "Sprint"))
    sprints.read(values_of("A", "B", start="2024-03-04", end="2024-03-17"), "P", day_of)
    assert (days_of(sprints, "A"), days_of(sprints, "B")) == ((None, None), (FIRST, LAST))


@pytest.mark.parametrize("first_row", [("2024-03-04", None), (None, "2024-03-17")])
def test_later_row_tells_the_days_that_are_not_known_yet(
    first_row: tuple[str | None, str | None],
) -> None:
    sprints = RowSprints(("Sprint",))
    # A column of one of the days is enough to tell something new.
    for start, end in (first_row, ("2024-03-04", "2024-03-17"), ("2024-03-18", "2024-03-18")):
        sprints.read(values_of("A", start=start, end=end), "P", day_of)
    assert days_of(sprints, "A") == (FIRST, LAST)


def test_row_with_one_day_completes_a_sprint_without_any() -> None:
    sprints = RowSprints(("Sprint",))
    sprints.read(values_of("A"), "P", day_of)
    sprints.read(values_of("A", end="2024-03-17"), "P", day_of)
    assert days_of(sprints, "A") == (None, LAST)
    sprints.read(values_of("A", start="2024-03-04"), "P", day_of)
    assert days_of(sprints, "A") == (FIRST, LAST)


def test_days_of_a_cell_outweigh_those_of_its_row() -> None:
    sprints = RowSprints(("Sprint",))
    cell = (
        f"{OBJECT}[state=CLOSED,name=A,startDate=2024-03-04T09:00,endDate=2024-03-17T09:00,"
        "completeDate=2024-03-18T09:00]"
    )
    sprints.read(values_of(cell, start="2024-04-01", end="2024-04-14"), "P", day_of)
    sprint = sprints.sprints["P", "A"]
    assert (sprint.start, sprint.end, sprint.closed, sprint.state) == (FIRST, LAST, LATER, "closed")


def test_what_an_earlier_row_told_of_a_sprint_stays() -> None:
    sprints = RowSprints(("Sprint",))
    begun = f"{OBJECT}[state=CLOSED,name=A,startDate=2024-03-04T,completeDate=2024-03-18T]"
    planned = f"{OBJECT}[state=ACTIVE,name=A,endDate=2024-03-17T,completeDate=2024-03-30T]"
    for cell in (begun, planned):
        sprints.read(values_of(cell), "P", day_of)
    sprint = sprints.sprints["P", "A"]
    assert (sprint.start, sprint.end, sprint.closed, sprint.state) == (FIRST, LAST, LATER, "closed")


def test_sprints_of_one_name_in_two_projects_are_two() -> None:
    sprints = RowSprints(("Sprint",))
    for project, start in (("P", "2024-03-04"), ("Q", "2024-03-18")):
        sprints.read(values_of("A", start=start), project, day_of)
    assert (days_of(sprints, "A")[0], days_of(sprints, "A", "Q")[0]) == (FIRST, LATER)
    undated = RowSprints(("Sprint",))
    for project in "PQP":
        assert undated.read(values_of("A"), project, day_of) == ("A",)
    assert sorted(undated.sprints) == [("P", "A"), ("Q", "A")]


@pytest.mark.parametrize(
    ("header", "word", "name"),
    [
        ("Cycle Number", "", "Cycle 7"),
        ("Sprint", "", "Sprint 7"),
        ("Sprint ID", "", "Sprint 7"),
        ("iteration_no.", "", "iteration 7"),
        ("Milestone", "Sprint", "Sprint 7"),
    ],
)
def test_number_is_named_after_its_column(header: str, word: str, name: str) -> None:
    assert RowSprints((header,), word=word).read(values_of("7"), "P", day_of) == (name,)


def test_column_without_a_name_is_called_sprint() -> None:
    assert RowSprints().read(values_of("7"), "P", day_of) == ("Sprint 7",)
    assert RowSprints(("Cycle",)).read(values_of("", "7"), "P", day_of) == ("Sprint 7",)


def test_long_name_is_shortened_to_one_line() -> None:
    (name,) = RowSprints(("Sprint",)).read(values_of("A\n" + "x" * 400), "P", day_of)
    assert (name[:3], len(name)) == ("A x", MAX_NAME)


def test_tasks_of_the_same_sprints_share_their_names() -> None:
    sprints = RowSprints(("Sprint", "Sprint"))
    once = sprints.read(values_of("A", "B", start="2024-03-04"), "P", day_of)
    assert sprints.read(values_of("A", "B", start="2024-03-05"), "P", day_of) is once
