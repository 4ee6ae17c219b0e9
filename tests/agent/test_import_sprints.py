"""Sprints, epics and work in progress of a tracker arrive in the services as they are."""

from datetime import date
from pathlib import Path

import pytest

from agent.schema import OrchestrationRequest
from domain_services.chronicle.schema import SprintRetrospective
from tests.agent.imports import ImportRoom
from tests.graphs.conftest import System

HEAD = (
    "Summary,Issue key,Issue id,Issue Type,Status,Project key,Priority,Resolution,Assignee,Created,"
    "Resolved,Parent,Sprint,Sprint,Status Category"
)


@pytest.fixture
def room(whole: System, tmp_path: Path) -> ImportRoom:
    return ImportRoom(whole, tmp_path)


def issue(
    number: int,
    created: int,
    finished: int | None = None,
    *sprints: str,
    status: str = "To Do",
    type_name: str = "Story",
    parent: int | None = None,
    resolution: str = "",
) -> str:
    """Write a row of Jira; days are those of March 2024."""
    end = "" if finished is None else f"{finished:02}/Mar/24 3:45 PM"
    first, second = (*sprints, "", "")[:2]
    category = {"To Do": "To Do", "In Progress": "In Progress"}.get(status, "Done")
    cells = (
        *(f"Item {number}", f"SHOP-{number}", str(number), type_name, status, "SHOP", "Medium"),
        *(resolution or ("Done" if finished else ""), "Person B", f"{created:02}/Mar/24 3:45 PM"),
        *(end, str(parent or ""), first, second, category),
    )
    return ",".join(cells)


def export(*rows: str) -> str:
    return "\n".join((HEAD, *rows, ""))


def done(number: int, created: int, finished: int, *sprints: str, **fields: str) -> str:
    return issue(number, created, finished, *sprints, status="Done", **fields)  # pyright: ignore[reportArgumentType]


BOARD = (
    done(1, 5, 11, "Board 6"),
    done(2, 6, 12, "Board 6"),
    done(3, 7, 13, "Board 7"),
    done(4, 8, 14, "Board 6", "Board 7"),
    issue(5, 9, None, "Board 7", status="In Progress"),
    issue(6, 10, None, "Board 6", "Board 7", status="In Progress"),
    issue(7, 11, None, "Board 7"),
)
LATER = (issue(8, 12), issue(9, 13))


async def recorded(room: ImportRoom) -> dict[str, SprintRetrospective]:
    notes = await room.clients.chronicle.list_sprint_retrospectives("SHOP")
    return {note.sprint_name: note for note in notes}


def counts(note: SprintRetrospective) -> tuple[int, int | None, int | None]:
    return note.completed_tasks, note.total_tasks, note.planned_tasks_count


async def test_decision_plans_the_unfinished_tasks_of_the_running_sprint_first(
    room: ImportRoom,
) -> None:
    await room.load(export(*BOARD, *LATER), as_of=date(2024, 3, 18))
    notes = await recorded(room)
    assert {name: counts(note) for name, note in notes.items()} == {"Board 6": (2, 4, 4)}
    open_tasks = {task.task_id for task in notes["Board 6"].tasks_summary if task.status == "open"}
    assert open_tasks == {"SHOP-4", "SHOP-6"}
    request = OrchestrationRequest(dry_run=True)
    answer = await room.clients.orchestrator.orchestrate("SHOP", request)
    assert '3 tasks of "Board 7" are unfinished' in answer.decisions.reasoning
    assert answer.selection is not None
    first = answer.selection.tasks[0]
    assert (first.title, first.reason) == (
        "Item 5",
        "unfinished in Board 7, in progress with Person.B",
    )


async def test_later_export_closes_the_running_sprint_and_numbers_stay(room: ImportRoom) -> None:
    await room.load(export(*BOARD, *LATER), as_of=date(2024, 3, 18))
    before = (await recorded(room))["Board 6"]
    closed = [done(number, 9, 20 + number, "Board 7") for number in (5, 7)]
    moved = issue(6, 10, None, "Board 7", "Board 8", status="In Progress")
    rows = (*BOARD[:4], *closed, moved, done(8, 12, 29, "Board 8"), issue(9, 13))
    await room.load(export(*rows), as_of=date(2024, 3, 30))
    notes = await recorded(room)
    assert notes["Board 6"].sprint_id == before.sprint_id
    # Task 6 came back from the sprint before, by the older row of the file.
    assert counts(notes["Board 7"]) == (4, 5, 5)
    backlog = await room.clients.backlog.get_summary("SHOP")
    assert backlog.source_sprints == {"Board 8": 1}
    again = await room.load(export(*rows), as_of=date(2024, 3, 30))
    assert not again.changed


async def test_neither_epics_nor_steps_nor_dropped_work_are_planned_or_counted(
    room: ImportRoom,
) -> None:
    rows = (
        issue(1, 4, type_name="Epic"),
        done(2, 4, 14, parent=1),  # pyright: ignore[reportArgumentType]
        done(3, 4, 14, type_name="Sub-task", parent=2),  # pyright: ignore[reportArgumentType]
        issue(4, 4, parent=1),
        issue(5, 4, type_name="Sub-task", parent=4),
        done(6, 4, 15, resolution="Won't Do"),
        issue(7, 4, status="Done"),
    )
    await room.load(export(*rows), as_of=date(2024, 3, 17))
    (task,) = await room.clients.backlog.list_tasks("SHOP")
    assert (task.external_key, task.labels) == ("SHOP-4", ["epic: Item 1"])
    assert task.description == "Parts:\n- SHOP-5: Item 5"
    notes = await room.clients.chronicle.list_sprint_retrospectives("SHOP")
    assert [one.task_id for note in notes for one in note.tasks_summary] == ["SHOP-2"]
    # What is dropped, or done on an unknown day, leaves the backlog and counts for no sprint.
    later = (*rows[:3], issue(4, 4, parent=1, status="Done"), *rows[4:])
    result = await room.load(export(*later), as_of=date(2024, 4, 10))
    (task,) = await room.clients.backlog.list_tasks("SHOP")
    assert (result.closed, task.status, task.finished_on) == (1, "completed", None)
