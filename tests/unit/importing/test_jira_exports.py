"""Exports of Jira in each shape and language are read to the same tasks."""

from datetime import date
from pathlib import Path

import pytest

from agent.importing.meaning.statuses import State
from agent.importing.options import ImportOptions
from agent.importing.profiles.telling import is_header
from agent.importing.reading.recognition import Recognition, recognise
from agent.importing.tables.table import read_table
from agent.importing.tasks import Kind

EXPORTS = Path(__file__).parent / "exports"
STATES = (
    *(State.DOING, State.DONE, State.DONE, State.DONE),
    *(State.DROPPED, State.DROPPED, State.DOING, State.TO_DO),
)
KINDS = (Kind.CONTAINER, Kind.WORK, Kind.PART, *[Kind.WORK] * 5)


def read(name: str) -> Recognition:
    table = read_table(EXPORTS / name, is_header)
    return recognise(table, ImportOptions(), today=date(2024, 6, 1))


def names(shape: str) -> list[str]:
    return sorted(path.name for path in EXPORTS.glob(f"jira-{shape}-*.csv"))


@pytest.mark.parametrize("name", [path.name for path in sorted(EXPORTS.glob("jira-*.csv"))])
def test_states_kinds_and_days_of_creation_are_read(name: str) -> None:
    export = read(name)
    assert (export.refused, export.questions) == ((), ())
    assert [task.id for task in export.tasks] == [f"SHOP-{number}" for number in range(1, 9)]
    assert {task.project for task in export.tasks} == {"SHOP"}
    assert tuple(task.state for task in export.tasks) == STATES
    assert tuple(task.kind for task in export.tasks) == KINDS
    assert [str(task.created) for task in export.tasks][3:] == [
        *("2024-02-15", "2024-02-20", "2024-03-01", "2024-03-25", "2024-04-30"),
    ]
    assert {task.title for task in export.tasks} == {f"Item {number}" for number in range(1, 9)}


@pytest.mark.parametrize("name", [*names("cloud"), *names("server"), *names("sheet")])
def test_finishes_estimates_and_labels_are_read(name: str) -> None:
    export = read(name)
    finished = {task.id: str(task.finished) for task in export.tasks if task.finished}
    assert finished == {"SHOP-2": "2024-01-14", "SHOP-3": "2024-01-12", "SHOP-4": "2024-02-28"}
    assert {task.id for task in export.tasks if task.dropped} == {"SHOP-5", "SHOP-6"}
    assert [task.rank for task in export.tasks] == [f"0|i0000{number}:" for number in range(1, 9)]
    assert export.tasks[3].labels[0] == "web"
    assert export.tasks[6].estimate == 5


@pytest.mark.parametrize("name", [*names("cloud"), *names("server")])
def test_parents_and_all_sprints_are_read(name: str) -> None:
    tasks = read(name).tasks
    assert [task.parent for task in tasks] == [
        *(None, "SHOP-1", "SHOP-2", None, "SHOP-1", None, "SHOP-1", "SHOP-1")
    ]
    assert [len(task.sprints) for task in tasks] == [0, 1, 1, 2, 0, 0, 2, 1]
    assert tasks[3].sprints[1].startswith("SHOP Sprint 2")
    assert [task.estimate for task in tasks] == [None, 3, None, 2, 5, None, 5, 8]


@pytest.mark.parametrize("name", names("current"))
def test_current_fields_have_no_finish_and_say_how_to_get_it(name: str) -> None:
    export = read(name)
    assert [task.finished for task in export.tasks] == [None] * 8
    assert ["Resolved" in lack.remedy for lack in export.lacks] == [True]
