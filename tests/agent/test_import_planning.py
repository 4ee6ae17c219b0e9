"""An import brings the team's past dates and the order of its backlog, and no later day."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from agent.importing.loading.planning_sync import send_past_tasks
from agent.importing.loading.walking import walk
from agent.importing.tasks import Task
from domain_services.backlog.planning_schema import OrderUpdate
from domain_services.backlog.schema import TaskUpdate
from tests.agent.imports import ImportRoom
from tests.graphs.conftest import System

DAY = date(2024, 3, 18)
LATER = DAY + timedelta(14)
# So late that every day up to LATER is a window of its own that is counted.
FAR = LATER + timedelta(14)


@pytest.fixture
def room(whole: System, tmp_path: Path) -> ImportRoom:
    return ImportRoom(whole, tmp_path)


def task(number: int, created: int, finished: int | None = None, rank: str | None = None) -> Task:
    """Make a task of days relative to DAY."""
    end = None if finished is None else DAY + timedelta(finished)
    return Task(f"SHOP-{number}", "SHOP", DAY + timedelta(created), end, rank=rank)


def export() -> list[Task]:
    """Make an export in which something is finished before, on and after the day."""
    return [
        task(1, -40, -20),
        task(2, -20, -1),
        task(3, -10, 0),
        task(4, -10, 3),
        task(5, 2, 9),
        task(6, -5),
    ]


async def finished(room: ImportRoom) -> dict[str, int]:
    """Count what the backlog knows as finished, by the first day of its window."""
    ages = await room.clients.backlog.count_ages("SHOP", FAR, days=1, windows=200)
    counts = {str(w.start_date): sum(w.finished) + w.arrived for w in ages.windows}
    return {day: count for day, count in counts.items() if count}


def days(*offsets: int) -> dict[str, int]:
    return {str(DAY + timedelta(offset)): 1 for offset in offsets}


async def order(room: ImportRoom) -> list[str | None]:
    """Return the file's ids of the ranked tasks."""
    tasks = await room.clients.backlog.list_tasks("SHOP")
    keys = {task.task_id: task.external_key for task in tasks}
    return [keys[name] for name in (await room.clients.backlog.get_order("SHOP")).task_ids]


async def test_import_sends_what_was_finished_before_its_day_and_nothing_later(
    room: ImportRoom,
) -> None:
    await room.load(export(), as_of=DAY)
    assert await finished(room) == days(-20, -1)
    ages = await room.clients.backlog.count_ages("SHOP", DAY)
    assert sum(ages.open_tasks) == 2
    # The backlog holds what was open on the day, and no past task.
    assert set(await room.tasks("SHOP")) == {"SHOP-4", "SHOP-6"}


async def test_later_export_sends_what_was_finished_up_to_its_day(room: ImportRoom) -> None:
    await room.load(export(), as_of=DAY)
    await room.load([*export(), task(7, 1, 13), task(8, 3, 14)], as_of=LATER)
    assert await finished(room) == days(-20, -1, 0, 3, 9, 13)
    await room.load([*export(), task(7, 1, 13), task(8, 3, 14)], as_of=LATER)
    assert await finished(room) == days(-20, -1, 0, 3, 9, 13)


async def test_walk_sends_what_was_finished_up_to_the_day_that_it_reaches(
    room: ImportRoom,
) -> None:
    await room.load(export(), as_of=DAY)
    rows = room.known_rows("SHOP")
    assert rows is not None
    await walk(room.clients, room.store, rows, DAY + timedelta(3))
    assert await finished(room) == days(-20, -1, 0)
    await walk(room.clients, room.store, rows, DAY + timedelta(4))
    assert await finished(room) == days(-20, -1, 0, 3)


async def test_newest_past_tasks_are_sent_when_there_are_too_many(room: ImportRoom) -> None:
    await room.load(export(), as_of=DAY)
    rows = room.known_rows("SHOP")
    assert rows is not None
    # Long ids: a body holds fewer than ten thousand of them.
    past = [replace(task(n, -200, -(n % 100) - 1), id=f"{n:0200}") for n in range(12_000)]
    await send_past_tasks(room.clients, replace(rows, tasks=tuple(past)), DAY)
    sent = await finished(room)
    assert 3_000 < sum(sent.values()) < 10_000
    assert min(sent) > str(DAY - timedelta(50))
    assert max(sent) == str(DAY - timedelta(1))


async def test_ranks_of_the_file_become_the_order_of_the_backlog(room: ImportRoom) -> None:
    ranked = [task(1, -40, -20, "0|a:"), task(2, -9, rank="0|c:"), task(3, -8), task(4, -7, 3)]
    ranked[3] = replace(ranked[3], rank="0|b:")
    result = await room.load(ranked, as_of=DAY)
    assert await order(room) == ["SHOP-4", "SHOP-2"]
    assert result.ranked == 2
    again = await room.load(ranked, as_of=DAY)
    assert (again.ranked, again.changed) == (0, False)


async def test_later_ranks_replace_the_order_and_a_file_without_any_leaves_it(
    room: ImportRoom,
) -> None:
    await room.load([task(n, -n, rank=str(n)) for n in (2, 10, 9)], as_of=DAY)
    assert await order(room) == ["SHOP-2", "SHOP-9", "SHOP-10"]
    await room.load([task(n, -n) for n in (2, 10, 9)], as_of=DAY)
    assert await order(room) == ["SHOP-2", "SHOP-9", "SHOP-10"]
    result = await room.load([task(10, -10, rank="1"), task(9, -9, rank="2")], as_of=DAY)
    assert (await order(room), result.ranked) == (["SHOP-10", "SHOP-9"], 2)


async def test_order_that_was_made_here_stays_without_ranks_in_the_file(room: ImportRoom) -> None:
    rows = [task(n, -n) for n in (1, 2, 3)]
    await room.load(rows, as_of=DAY)
    body = OrderUpdate(task_ids=["SHOP-1", "SHOP-2"])
    await room.clients.backlog.put_order("SHOP", body)
    await room.load(rows, as_of=LATER)
    assert await order(room) == ["SHOP-1", "SHOP-2"]


async def test_task_that_was_completed_here_is_not_ranked(room: ImportRoom) -> None:
    rows = [task(n, -n, rank=str(n)) for n in (1, 2, 3)]
    await room.load([replace(row, rank=None) for row in rows], as_of=DAY)
    backlog = await room.clients.backlog.list_tasks("SHOP")
    done = next(row.task_id for row in backlog if row.external_key == "SHOP-2")
    await room.clients.backlog.update_task(done, TaskUpdate(status="completed", finished_on=DAY))
    await room.load(rows, as_of=DAY)
    assert await order(room) == ["SHOP-1", "SHOP-3"]
