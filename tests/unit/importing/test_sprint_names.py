"""A sprint is named by its name, by a path, or by the text of a tracker's own object."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.importing.meaning.sprint_names import SprintCell, SprintText, sprints_of, sprints_written

PREFIX = "com.atlassian.greenhopper.service.sprint.Sprint@1f3a9c"
CLOSED = (
    f"{PREFIX}[id=12,rapidViewId=3,state=CLOSED,name=Shop, web [A],"
    "startDate=2024-03-04T09:00:00.000Z,endDate=2024-03-18T09:00:00.000Z,"
    "completeDate=2024-03-19T10:11:12.000Z,sequence=12]"
)


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("Sprint 12", ["Sprint 12"]),
        ("  Sprint\n12 ", ["Sprint 12"]),
        ("Shop, web and app", ["Shop, web and app"]),
        ("Shop\\Release 1\\Sprint 3", ["Sprint 3"]),
        ("Shop", ["Shop"]),
        ("", []),
        (" \n", []),
        (f"{PREFIX}[id=1,name=<null>]", []),
        (f"{CLOSED},{PREFIX}[id=13,state=ACTIVE,name=B]", ["Shop, web [A]", "B"]),
        (f"{PREFIX}[name=A = b, c,state=FUTURE]", ["A = b, c"]),
    ],
)
def test_cell_names_its_sprints(cell: str, names: list[str]) -> None:
    assert [sprint.name for sprint in sprints_of(cell)] == names


def test_object_of_the_tracker_tells_days_and_state() -> None:
    day = date(2024, 3, 4)
    end, closed = date(2024, 3, 18), date(2024, 3, 19)
    assert sprints_of(CLOSED) == [SprintCell("Shop, web [A]", day, end, closed, "closed")]


def test_days_that_do_not_exist_are_not_known() -> None:
    (sprint,) = sprints_of(f"{PREFIX}[name=A,startDate=2024-02-31T00:00Z,endDate=<null>]")
    assert sprint == SprintCell("A")


@given(name=st.text("ab,[]=; 1", min_size=1).map(lambda text: " ".join(text.split())))
def test_any_name_is_read_back_from_an_object(name: str) -> None:
    sprints = sprints_of(f"{PREFIX}[id=1,state=ACTIVE,name={name},startDate=<null>,sequence=1]")
    assert [sprint.name for sprint in sprints] == ([name] if name else [])


@pytest.mark.parametrize(
    ("cell", "written", "word", "names"),
    [
        ("Shop\\Sprint 9", "path", "", ["Sprint 9"]),
        ("Shop\\Release 1\\Sprint 3\\", "path", "", ["Sprint 3"]),
        ("Shop", "path", "", []),
        ("\\Shop\\", "path", "", []),
        ("", "path", "", []),
        ("Sprint 1, Sprint 2", "names", "", ["Sprint 1", "Sprint 2"]),
        ("Sprint 1, ", "names", "", ["Sprint 1"]),
        ("Sprint 1, the first", "name", "", ["Sprint 1, the first"]),
        (CLOSED, "names", "", ["Shop, web [A]"]),
        ("3", "name", "Cycle", ["Cycle 3"]),
        ("3", "name", "", ["3"]),
        ("Launch", "name", "Cycle", ["Launch"]),
        ("3rd", "name", "Cycle", ["3rd"]),
    ],
)
def test_cell_is_read_as_its_tracker_writes_sprints(
    cell: str, written: SprintText, word: str, names: list[str]
) -> None:
    assert [sprint.name for sprint in sprints_written(cell, written, word)] == names
