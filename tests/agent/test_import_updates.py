"""A later export updates its project: by kind of change, without doubling anything."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from agent.cli.import_summary import dry_run_lines, result_lines
from agent.cli.target import Target
from agent.importing.errors import CsvRefused
from agent.importing.history.changes import Changes
from agent.importing.outcome.outcome_json import to_json
from agent.importing.tasks import Task
from agent.schema import OrchestrationRequest
from domain_services.backlog import pages
from domain_services.backlog.logic import reading
from domain_services.backlog.schema import TaskUpdate
from domain_services.project.schema import ClockMove
from domain_services.sprint.schema import SprintCreate
from tests.agent.conftest import until
from tests.agent.imports import ImportRoom, outcome_of
from tests.graphs.conftest import System

# A Monday, so that a sprint begins on the day of the import itself.
DAY = date(2024, 3, 18)
LATER = DAY + timedelta(14)


@pytest.fixture
def room(whole: System, tmp_path: Path) -> ImportRoom:
    return ImportRoom(whole, tmp_path)


def task(number: int, created: int, finished: int | None = None, **fields: object) -> Task:
    """Make a task of days relative to DAY."""
    end = None if finished is None else DAY + timedelta(finished)
    made_of = Task(f"SHOP-{number}", "SHOP", DAY + timedelta(created), end, title=f"Item {number}")
    return replace(made_of, **fields)  # pyright: ignore[reportArgumentType]


def first_export() -> list[Task]:
    """Make an export of two past windows and six open tasks."""
    finished = [task(number, number - 40, number - 30, assignee="Ann") for number in range(1, 21)]
    return [*finished, *(task(number, number - 27, assignee="Ann") for number in range(21, 27))]


def later_export() -> list[Task]:
    """Make the export of two weeks later."""
    changed = {
        21: task(21, -6, 2, assignee="Ann"),
        22: task(22, -5, 9, assignee="Ann"),
        23: task(23, -4, title="Item 23, better", assignee="Ann"),
        24: task(24, -3, assignee="Bob"),
        25: task(25, -2, assignee="Ann", priority="High"),
    }
    rows = [changed.get(int(row.id[5:]), row) for row in first_export()]
    return [*rows, task(27, 3, 8), task(28, 5)]


async def test_pages_one_after_the_other_are_the_same_as_in_one_command(room: ImportRoom) -> None:
    rows = first_export()
    await room.load(rows[:9], rows[9:], as_of=DAY)
    together = await room.history("SHOP"), await room.tasks("SHOP")
    other = [replace(row, project="SHOQ") for row in rows]
    await room.load(other[9:], as_of=DAY)
    result = await room.load(other[:9], as_of=DAY)
    apart = await room.history("SHOQ"), await room.tasks("SHOQ")
    assert [(note.start_date, note.finished) for note in apart[0]] == [
        (note.start_date, note.finished) for note in together[0]
    ]
    assert [note.sprint_id[4:] for note in apart[0]] == [note.sprint_id[4:] for note in together[0]]
    assert apart[1] == together[1]
    # The first page brings the older windows: numbers move, and no old one stays.
    assert result.replaced > 0
    assert len({note.sprint_id for note in apart[0]}) == len(apart[0])


async def test_backlog_longer_than_a_page_is_imported_again_without_doubling(
    room: ImportRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE_TASKS", 2)
    monkeypatch.setattr(reading, "MAX_PAGE", 3)
    ranked = [replace(row, rank=f"0|{index:04}") for index, row in enumerate(first_export())]
    await room.load(ranked, as_of=DAY)
    assert len((await room.clients.backlog.get_order("SHOP")).task_ids) == 6
    result = await room.load(later_export(), as_of=LATER)
    assert (result.tasks, result.completed, result.updated) == (1, 2, 3)
    summary = await room.clients.backlog.get_summary("SHOP")
    assert (summary.total_tasks, summary.status_counts["completed"]) == (7, 2)


async def test_imported_tasks_without_an_owner_stay_without_one_in_a_sprint(
    room: ImportRoom,
) -> None:
    rows = [row if row.finished else replace(row, assignee=None) for row in first_export()]
    await room.load([*rows, task(27, -1, assignee="Bob")], as_of=DAY)
    assert (await room.clients.project.get_project("SHOP")).assign_unowned is False
    free = [item.task_id for item in await room.clients.backlog.list_tasks("SHOP")]
    answer = await room.clients.orchestrator.orchestrate("SHOP", OrchestrationRequest())
    assert answer.created is not None and answer.selection is not None
    sprint = await room.clients.sprint.get_sprint(answer.created.sprint_id)
    assert {item.task_id for item in sprint.tasks} < set(free)
    owners = {item.title: item.assigned_to for item in sprint.tasks}
    assert owners == {name: "Bob" if name == "Item 27" else None for name in owners}
    assert None in owners.values()


async def test_later_export_updates_backlog_and_history(room: ImportRoom) -> None:
    await room.load(first_export(), as_of=DAY)
    before = await room.history("SHOP")
    changes = room.study(later_export(), as_of=LATER).changes()["SHOP"]
    assert changes == Changes(
        new=2, finished=2, renamed=1, other_owner=1, other_priority=1, other_details=1
    )

    clock_text = "SHOP is held at 2024-04-01 as a study; to release it: `dsm clock SHOP --live"
    kinds = "2 new, 2 finished, 1 renamed, 1 with another owner, 1 with another priority"
    study = room.study(later_export(), as_of=LATER)
    assert dry_run_lines(outcome_of(study), Target(room.folder)) == [
        f"SHOP would be updated; tasks: {kinds}.",
        "  SHOP-21 Item 21: finished on 2024-03-20",
        "  SHOP-22 Item 22: finished on 2024-03-27",
        "  SHOP-23 Item 23, better: title Item 23 -> Item 23, better",
        "  SHOP-24 Item 24: owner Ann -> Bob",
        "  SHOP-25 Item 25: priority none -> High",
        "  SHOP-27 Item 27: new",
        "  SHOP-28 Item 28: new",
        "SHOP would be held at 2024-04-01, unless it was released since its last import: no "
        "service was there to tell.",
        "Dry run: nothing was imported.",
    ]

    result = await room.load(later_export(), as_of=LATER)
    effect, clock = result_lines(outcome_of(study, result), Target(room.folder))
    assert effect.startswith(f"SHOP was updated; tasks: {kinds}; 1 past sprint, ")
    assert clock.startswith(clock_text)
    assert (result.tasks, result.completed, result.updated, result.members) == (1, 2, 3, 1)
    tasks = await room.tasks("SHOP")
    assert {key: value[0] for key, value in tasks.items()} == {
        "SHOP-21": "completed",
        "SHOP-22": "completed",
        **{f"SHOP-{number}": "unassigned" for number in (23, 24, 25, 26, 28)},
    }
    assert tasks["SHOP-23"][1] == "Item 23, better"
    assert tasks["SHOP-24"][2] == "Bob"
    after = await room.history("SHOP")
    assert after[:-1] == before
    assert after[-1].finished == {"SHOP-21", "SHOP-22", "SHOP-27"}
    assert (await room.clients.project.get_project("SHOP")).today == LATER

    again = await room.load(later_export(), as_of=LATER)
    assert not again.changed
    assert (await room.tasks("SHOP"), await room.history("SHOP")) == (tasks, after)


async def test_an_old_export_of_a_released_project_says_that_it_is_live(room: ImportRoom) -> None:
    await room.load(first_export(), as_of=DAY)
    await room.clients.project.move_clock("SHOP", ClockMove(live=True))
    study = room.study(later_export(), as_of=LATER)
    result = await room.load(later_export(), as_of=LATER)
    assert result.clock == "live"
    assert result_lines(outcome_of(study, result), Target(room.folder))[-1].startswith(
        "SHOP follows the clock: it"
    )
    answer = to_json(outcome_of(study, result))
    assert answer["projects"]["SHOP"]["release_command"] is None
    json.dumps(answer)


async def test_an_export_that_ends_a_sprint_says_so(room: ImportRoom) -> None:
    await room.load(first_export(), as_of=DAY)
    await room.clients.orchestrator.orchestrate("SHOP", OrchestrationRequest())
    study = room.study(later_export(), as_of=LATER)
    result = await room.load(later_export(), as_of=LATER)
    _, closed, _ = result_lines(outcome_of(study, result), Target(room.folder))
    assert "was closed after its last day 2024-03-31" in closed
    json.dumps(to_json(outcome_of(study, result)))


async def test_day_before_the_projects_day_is_refused_and_changes_nothing(
    room: ImportRoom,
) -> None:
    await room.load(first_export(), as_of=DAY)
    tasks, saved = await room.tasks("SHOP"), room.known_rows("SHOP")
    with pytest.raises(CsvRefused, match=f"is at {DAY} and never goes back"):
        await room.load(later_export(), as_of=DAY - timedelta(1))
    assert (await room.tasks("SHOP"), room.known_rows("SHOP")) == (tasks, saved)


async def test_running_sprint_gets_reports_and_its_days_no_imported_window(
    room: ImportRoom, whole: System
) -> None:
    # One task was finished on the day itself: neither backlog nor history has it yet.
    rows = [*first_export(), task(40, -3, 0)]
    await room.load(rows, as_of=DAY)
    created = await room.clients.sprint.create_sprint("SHOP", SprintCreate())
    sprint_id = created.sprint_id
    before = await room.history("SHOP")
    keys = {
        entry.task_id: entry.external_key for entry in await room.clients.backlog.list_tasks("SHOP")
    }
    planned = {keys[entry.task_id] for entry in created.tasks}
    assert planned >= {"SHOP-21", "SHOP-22"}

    # In the middle of the sprint; then long after it, with windows that it does not cover.
    assert not (await room.load(rows, as_of=DAY)).changed
    result = await room.load(later_export(), as_of=DAY + timedelta(5))
    # What the team committed to waits until the sprint has released it.
    waiting = ("SHOP-23", "SHOP-24", "SHOP-25")
    assert (result.completed, result.updated, result.waiting) == (2, 0, waiting)
    backlog = await room.clients.backlog.list_tasks("SHOP")
    planned_as = {entry.task_id: entry.title for entry in created.tasks}
    assert {entry.task_id: entry.title for entry in backlog}.items() >= planned_as.items()
    sprint = await room.clients.sprint.get_sprint(sprint_id)
    assert (sprint.status, sprint.completed_tasks) == ("in_progress", 1)
    assert await room.history("SHOP") == before

    late = [*later_export(), task(29, 15, 20), task(30, 15, 50), task(31, 16)]
    result = await room.load(late, as_of=DAY + timedelta(60))
    (closed,) = await until(lambda: room.history("SHOP", "sprint_service"))
    assert {keys[key] for key in closed.finished} == {"SHOP-21", "SHOP-22"}
    windows = (await room.history("SHOP"))[len(before) :]
    assert [window.finished for window in windows] == [{"SHOP-29"}, set(), {"SHOP-30"}]
    assert windows[0].start_date == closed.end_date + timedelta(1)
    ids = [note.sprint_id for note in await room.history("SHOP")] + [closed.sprint_id]
    assert len(set(ids)) == len(ids)

    async def released() -> bool:
        return (await room.tasks("SHOP"))["SHOP-26"][0] == "unassigned"

    await until(released)
    assert (result.updated, (await room.tasks("SHOP"))["SHOP-24"][2]) == (3, "Bob")
    assert not (await room.load(late, as_of=DAY + timedelta(60))).changed
    assert await count_episodes(whole) == len(before) + 3


async def count_episodes(whole: System) -> int:
    url = whole.databases["orchestrator"].replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(url) as connection:
        cursor = await connection.execute("SELECT count(*) FROM episodes WHERE origin = 'import'")
        row = await cursor.fetchone()
    return row[0] if row else 0


async def test_reopened_task_returns_to_the_backlog(room: ImportRoom) -> None:
    await room.load(first_export(), as_of=DAY)
    await room.load(later_export(), as_of=LATER)
    rows = [replace(row, finished=None) if row.id == "SHOP-22" else row for row in later_export()]
    result = await room.load(rows, as_of=LATER)
    assert result.reopened == 1
    assert (await room.tasks("SHOP"))["SHOP-22"][0] == "unassigned"
    assert (await room.history("SHOP"))[-1].finished == {"SHOP-21", "SHOP-27"}


async def test_value_that_the_export_left_alone_keeps_what_was_decided_here(
    room: ImportRoom,
) -> None:
    await room.load(first_export(), as_of=DAY)
    (first,) = [
        entry
        for entry in await room.clients.backlog.list_tasks("SHOP")
        if entry.external_key == "SHOP-26"
    ]
    await room.clients.backlog.update_task(first.task_id, TaskUpdate(title="Named here"))
    rows = [*first_export()[:-1], task(26, -1, assignee="Bob")]
    await room.load(rows, as_of=DAY)
    assert (await room.tasks("SHOP"))["SHOP-26"] == ("unassigned", "Named here", "Bob")


async def test_project_that_follows_the_clock_is_updated_without_a_walk(
    room: ImportRoom,
) -> None:
    today = date.today()
    start = today - timedelta(14)
    shift = start - DAY

    def moved(rows: list[Task]) -> list[Task]:
        return [
            replace(
                row,
                created=row.created + shift,
                finished=row.finished + shift if row.finished else None,
            )
            for row in rows
        ]

    await room.load(moved(first_export()), as_of=start)
    project = await room.clients.project.get_project("SHOP")
    assert (project.clock, project.as_of) == ("live", None)
    result = await room.load(moved(later_export()), as_of=today)
    assert (result.completed, result.updated) == (2, 3)
    assert (await room.history("SHOP"))[-1].finished == {"SHOP-21", "SHOP-22", "SHOP-27"}
    assert (await room.clients.project.get_project("SHOP")).clock == "live"
