"""Rows of a project are saved as a whole, and united by the row that was updated last."""

import json
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from agent.importing.errors import CsvRefused
from agent.importing.history import known_rows
from agent.importing.history.known_rows import KnownRows
from agent.importing.history.row_document import to_lines
from agent.importing.history.row_store import FileRows
from agent.importing.history.union import unite
from agent.importing.meaning.statuses import State
from agent.importing.tasks import Kind, Task, TrackerSprint, Transition

DAY = date(2024, 3, 19)
FULL = Task(
    id="SHOP-1",
    project="SHOP",
    created=date(2024, 3, 5),
    finished=date(2024, 3, 11),
    title="Größe\nändern",
    status="Done",
    priority="Haut",
    priority_level=2,
    assignee="Anna",
    type="Story",
    labels=("a", "b"),
    estimate=3.5,
    updated=datetime(2024, 3, 11, 15, 45),
)
OTHER = Task(
    id="SHOP-3",
    project="SHOP",
    created=DAY,
    dropped=date(2024, 3, 20),
    started=date(2024, 3, 19),
    state=State.DROPPED,
    kind=Kind.PART,
    parent="SHOP-1",
    sprints=("Sprint 1", "Sprint 2"),
    email="anna@example.org",
    others=("Ben",),
    transitions=(
        Transition(date(2024, 3, 19), "Doing", State.DOING),
        Transition(DAY, "Limbo", None),
    ),
)
SPRINTS = (
    TrackerSprint("SHOP", "Sprint 1", DAY, date(2024, 4, 1), date(2024, 4, 2), "closed", False),
    TrackerSprint("SHOP", "Sprint 2", None, None, None, None, True, committed=("SHOP-3",)),
    TrackerSprint("SHOP", "Sprint 3", None, None, None, "future", committed=()),
)
ROWS = KnownRows(
    project_id="SHOP",
    as_of=DAY,
    cadence_days=14,
    known_until=date(2024, 3, 18),
    tasks=(FULL, Task("SHOP-2", "SHOP", DAY), OTHER),
    anchor=DAY,
    reached=date(2024, 3, 25),
    sprints=SPRINTS,
)
# As the release before wrote it.
EARLIER = """{"format": "dsm-import", "version": 1, "project_id": "SHOP", "as_of": "2024-03-19",
 "cadence_days": 14, "known_until": "2024-03-18", "anchor": "2024-03-19", "reached": "2024-03-25",
 "tasks": [{"id": "SHOP-1", "created": "2024-03-05", "finished": "2024-03-11", "labels": ["a"],
            "updated": "2024-03-11T15:45:00", "estimate": 3.5}]}"""


async def test_rows_are_read_as_they_were_saved(tmp_path: Path) -> None:
    assert await known_rows.find(FileRows(tmp_path), "SHOP") is None
    await known_rows.save(FileRows(tmp_path), ROWS)
    assert await known_rows.find(FileRows(tmp_path), "SHOP") == ROWS
    assert [path.name for path in (tmp_path / "imports").iterdir()] == ["SHOP.json"]
    assert await FileRows(tmp_path).project_ids() == ["SHOP"]


async def test_file_of_an_earlier_release_is_read(tmp_path: Path) -> None:
    path = FileRows(tmp_path).path_of("SHOP")
    path.parent.mkdir()
    path.write_text(EARLIER)
    rows = await known_rows.find(FileRows(tmp_path), "SHOP")
    assert rows is not None
    (task,) = rows.tasks
    assert (task.labels, task.kind, task.sprints, rows.sprints) == (("a",), Kind.WORK, (), ())
    assert task.finished == date(2024, 3, 11)


async def test_failed_save_leaves_the_rows_before(tmp_path: Path) -> None:
    await known_rows.save(FileRows(tmp_path), ROWS)
    broken = KnownRows("SHOP", DAY, 14, DAY, (Task("1", "SHOP", DAY, title="\ud800"),))
    with pytest.raises(UnicodeEncodeError):
        await known_rows.save(FileRows(tmp_path), broken)
    assert await known_rows.find(FileRows(tmp_path), "SHOP") == ROWS


@pytest.mark.parametrize("content", ["{", "[]", '{"format": "dsm-import", "version": 1}'])
async def test_damaged_file_is_refused_with_its_path(tmp_path: Path, content: str) -> None:
    await known_rows.save(FileRows(tmp_path), ROWS)
    FileRows(tmp_path).path_of("SHOP").write_text(content)
    with pytest.raises(CsvRefused, match=r"imports/SHOP\.json is damaged"):
        await known_rows.find(FileRows(tmp_path), "SHOP")


async def test_file_of_a_later_release_is_refused(tmp_path: Path) -> None:
    await known_rows.save(FileRows(tmp_path), ROWS)
    path = FileRows(tmp_path).path_of("SHOP")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 2}))
    with pytest.raises(CsvRefused, match="written by another release"):
        await known_rows.find(FileRows(tmp_path), "SHOP")


def piecewise(rows: KnownRows) -> list[str]:
    return list(to_lines(known_rows.to_document(rows)))


def test_document_is_written_task_by_task_and_stays_one_json_object() -> None:
    lines = piecewise(ROWS)
    assert len(lines) == len(ROWS.tasks) + 2
    content = json.loads("".join(lines))
    assert [task["id"] for task in content["tasks"]] == ["SHOP-1", "SHOP-2", "SHOP-3"]
    assert json.loads("".join(piecewise(replace(ROWS, tasks=()))))["tasks"] == []


async def test_document_on_one_line_of_an_earlier_release_is_read(tmp_path: Path) -> None:
    await known_rows.save(FileRows(tmp_path), ROWS)
    path = FileRows(tmp_path).path_of("SHOP")
    path.write_text(json.dumps(json.loads(path.read_text())))
    assert await known_rows.find(FileRows(tmp_path), "SHOP") == ROWS


@pytest.mark.parametrize("lost", [1, 2, 3, 20, 400])
async def test_file_without_its_end_is_refused(tmp_path: Path, lost: int) -> None:
    await known_rows.save(FileRows(tmp_path), ROWS)
    path = FileRows(tmp_path).path_of("SHOP")
    path.write_bytes(path.read_bytes()[:-lost])
    with pytest.raises(CsvRefused, match="is damaged"):
        await known_rows.find(FileRows(tmp_path), "SHOP")


async def test_file_with_more_than_a_document_is_refused(tmp_path: Path) -> None:
    await known_rows.save(FileRows(tmp_path), ROWS)
    with FileRows(tmp_path).path_of("SHOP").open("a") as stream:
        stream.write("{}")
    with pytest.raises(CsvRefused, match="is damaged"):
        await known_rows.find(FileRows(tmp_path), "SHOP")


async def test_row_that_a_file_repeats_is_held_once(tmp_path: Path) -> None:
    await known_rows.save(FileRows(tmp_path), ROWS)
    same, other = replace(FULL), replace(OTHER, title="New")
    stranger = replace(ROWS.tasks[1], project="OTHER")
    rows = await known_rows.find(FileRows(tmp_path), "SHOP", [same, stranger, other])
    assert rows is not None
    assert rows == ROWS
    assert rows.tasks[0] is same
    assert rows.tasks[1] is not stranger


def row(title: str, updated: datetime | None) -> Task:
    return Task("1", "P", DAY, title=title, updated=updated)


@pytest.mark.parametrize(
    ("first", "second", "title"),
    [
        (datetime(2024, 3, 2, 9), datetime(2024, 3, 2, 10), "second"),
        (datetime(2024, 3, 2, 15, 45), datetime(2024, 3, 2, 3, 45), "first"),
        (datetime(2024, 3, 2), datetime(2024, 3, 2), "second"),
        (None, datetime(2024, 3, 2), "second"),
        (datetime(2024, 3, 2), None, "second"),
        (None, None, "second"),
    ],
)
def test_task_in_two_files_has_the_row_that_was_updated_last(
    first: datetime | None, second: datetime | None, title: str
) -> None:
    united = unite([[row("first", first), Task("2", "P", DAY)], [row("second", second)]])
    assert [(task.id, task.title) for task in united.tasks] == [("1", title), ("2", None)]
    assert united.repeated == 1


def test_equal_ids_of_two_projects_are_two_tasks() -> None:
    united = unite([[Task("1", "P", DAY)], [Task("1", "Q", DAY)]])
    assert (len(united.tasks), united.repeated) == (2, 0)
