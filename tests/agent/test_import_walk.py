"""An imported project walks through six sprints by the clock, as its rows say."""

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from agent.cli.clock_walk import walk_clock
from agent.cli.sprint_walk import unknown_from, walk_sprints
from agent.clock.schema import ClockMoveRequest
from agent.importing.errors import CsvRefused
from agent.importing.history import holdout
from agent.importing.loading.documents import retrospective
from agent.importing.loading.walking import Walk, walk
from agent.importing.tasks import Task
from agent.schema import Options, OrchestrationRequest
from domain_services.backlog.schema import Task as BacklogTask
from domain_services.chronicle.schema import ImportedSprints
from domain_services.kernel.types import utc_now
from graphs.answer import Orchestration
from tests.agent.conftest import until
from tests.agent.imports import History, ImportRoom
from tests.graphs.conftest import System

# A Monday of a time without holidays of the calendar in the first fortnight.
DAY = date(2023, 2, 27)
SPRINTS, CADENCE = 6, 14


def export() -> list[Task]:
    """Make two tasks a workday over 28 weeks; each is finished after 3 to 17 days, or 40."""
    rows: list[Task] = []
    for offset in range(-90, 110):
        created = DAY + timedelta(offset)
        if created.weekday() > 4:
            continue
        for copy in range(2):
            number = len(rows) + 1
            length = 40 if number % 9 == 0 else 3 + (number * 7 + copy) % 15
            finished = created + timedelta(length)
            rows.append(Task(f"T{number}", "WALK", created, finished, title=f"Item {number}"))
    return rows


def finished_in(rows: Iterable[Task], first: date, last: date) -> set[str]:
    return {row.id for row in rows if row.finished and first <= row.finished <= last}


async def velocities(room: ImportRoom) -> dict[str, tuple[int, int | None]]:
    """Return the finished and the arrived tasks of each sprint that the chronicle counts."""
    velocity = await room.clients.chronicle.velocity("WALK")
    return {
        row.sprint_id: (row.velocity, row.completed_arrived) for row in velocity.velocity_trend_data
    }


async def decided_outcomes(whole: System) -> dict[str, int | None]:
    """Return the outcome of each decision that created a sprint."""
    url = whole.databases["orchestrator"].replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(url) as connection:
        cursor = await connection.execute(
            "SELECT sprint_id, completed_tasks FROM episodes"
            " WHERE origin = 'run' AND sprint_id IS NOT NULL"
        )
        return dict(await cursor.fetchall())


def counts(rows: list[Task], window: History) -> tuple[int, int]:
    """Count the rows finished in a window, and those of them that were created in it."""
    team = finished_in(rows, window.start_date, window.end_date)
    return len(team), sum(row.id in team and row.created >= window.start_date for row in rows)


async def check_sprint(
    room: ImportRoom, whole: System, rows: list[Task], answer: Orchestration, walked: Walk
) -> None:
    """Compare a sprint that was walked through with what the rows say."""
    created, closed = answer.created, walked.closed_sprint
    assert created is not None and closed is not None
    assert created.start_date is not None and created.end_date is not None
    first, last = created.start_date, created.end_date
    backlog: dict[str, BacklogTask] = {
        task.task_id: task for task in await room.clients.backlog.list_tasks("WALK")
    }
    planned = {backlog[task.task_id].external_key or "" for task in created.tasks}
    team = finished_in(rows, first, last)

    sprint = await room.clients.sprint.get_sprint(closed.sprint_id)
    assert {backlog[task.task_id].external_key for task in sprint.tasks} == planned
    assert closed.completed_tasks == len(planned & team)
    assert closed.last_day == last
    # A scrum on each weekday, each for its own day.
    days = [first + timedelta(number) for number in range(CADENCE)]
    assert [scrum.day for scrum in walked.daily_scrums] == [
        day for day in days if day.weekday() < 5
    ]
    assert answer.created is not None and answer.created.cronjob is not None
    status = await room.clients.orchestrator.status("WALK")
    assert answer.created.cronjob.name not in status.cronjobs

    async def ended() -> bool:
        return (await decided_outcomes(whole)).get(closed.sprint_id) == len(planned & team)

    await until(ended)
    finished_on = {
        task.external_key: task.finished_on
        for task in backlog.values()
        if task.finished_on and first <= task.finished_on <= last
    }
    assert finished_on == {row.id: row.finished for row in rows if row.id in team}

    arrived = {row.id for row in rows if row.id in team and row.created >= first} - planned
    assert arrived

    async def counted() -> bool:
        # All that the team finished in the window counts, as it does for imported windows.
        expected = len(team), len(arrived)
        return (await velocities(room)).get(closed.sprint_id) == expected

    await until(counted)
    actual = await holdout.find(room.store, "WALK", first, last)
    assert actual is not None
    assert (actual.finished, actual.known_until) == (len(team), None)


async def test_six_sprints_are_what_the_rows_say(whole: System, tmp_path: Path) -> None:
    room, rows = ImportRoom(whole, tmp_path), export()
    await room.load(rows, as_of=DAY)
    windows = await room.history("WALK")
    assert await velocities(room) == {window.sprint_id: counts(rows, window) for window in windows}
    request = OrchestrationRequest(options=Options(sprint_duration_weeks=2))
    for number in range(1, SPRINTS + 1):
        today = (await room.clients.project.get_project("WALK")).today
        # The backlog of the day: all that was created by it and is not finished yet.
        tasks = await room.tasks("WALK")
        is_open = {key for key, values in tasks.items() if values[0] != "completed"}
        assert is_open == {
            row.id for row in rows if row.created <= today and not _finished(row, today, number)
        }
        answer = await room.clients.orchestrator.orchestrate("WALK", request)
        assert answer.created is not None, answer.decisions.reasoning
        saved = room.known_rows("WALK")
        assert saved is not None
        walked = await walk(room.clients, room.store, saved, "next-sprint")
        assert walked is not None
        await check_sprint(room, whole, rows, answer, walked)
        assert len(await room.history("WALK")) == len(windows)

    async def all_recorded() -> bool:
        return len(await room.history("WALK", "sprint_service")) == SPRINTS

    await until(all_recorded)
    closed = await room.history("WALK", "sprint_service")
    assert set(await decided_outcomes(whole)) == {note.sprint_id for note in closed}


async def test_clock_command_brings_in_what_was_kept_back(whole: System, tmp_path: Path) -> None:
    room, rows = ImportRoom(whole, tmp_path), export()
    await room.load(rows, as_of=DAY)
    move = ClockMoveRequest(to=DAY + timedelta(2))
    answer = await room.clients.orchestrator.orchestrate("WALK", OrchestrationRequest())
    assert answer.created is not None and answer.created.end_date is not None
    moved = await walk_clock(room.clients, room.store, "WALK", move)
    assert moved is not None
    assert (moved.today, moved.decision_beside) == (DAY + timedelta(2), None)
    new = {row.id for row in rows if DAY < row.created <= DAY + timedelta(2)}
    # What was finished on the day of the import comes in when that day is left.
    assert moved.tasks_created == len(new | finished_in(rows, DAY, DAY))
    # The same day again, and a project without rows, are left to the orchestrator.
    assert await walk_clock(room.clients, room.store, "WALK", move) is None
    assert await walk_clock(room.clients, room.store, "OTHER", move) is None

    moved = await walk_clock(room.clients, room.store, "WALK", ClockMoveRequest(to="next-sprint"))
    assert moved is not None and moved.closed_sprint is not None
    beside = moved.decision_beside
    assert beside is not None
    team = finished_in(rows, DAY, answer.created.end_date)
    assert (beside.planned, beside.team_finished) == (len(answer.created.tasks), len(team))
    assert beside.completed == moved.closed_sprint.completed_tasks
    assert f"the team finished {len(team)}" in moved.message


async def forget_arrived(room: ImportRoom, rows: list[Task]) -> None:
    """Record the imported windows as an earlier release did, without their arrived tasks."""
    (history,) = room.study(rows, as_of=DAY).histories
    notes = [
        retrospective("WALK", sprint).model_copy(update={"completed_arrived": None})
        for sprint in history.sprints
    ]
    await room.clients.chronicle.replace_imported_sprints("WALK", ImportedSprints(notes=notes))
    assert {arrived for _, arrived in (await velocities(room)).values()} == {None}


async def test_windows_of_an_earlier_release_learn_what_arrived_from_the_next_import(
    whole: System, tmp_path: Path
) -> None:
    room, rows = ImportRoom(whole, tmp_path), export()
    await room.load(rows, as_of=DAY)
    expected = await velocities(room)
    await forget_arrived(room, rows)
    result = await room.load(rows, as_of=DAY)
    assert (result.replaced, await velocities(room)) == (len(expected), expected)
    assert (await room.load(rows, as_of=DAY)).replaced == 0


async def test_release_brings_in_all_rows_up_to_the_present(whole: System, tmp_path: Path) -> None:
    room, rows = ImportRoom(whole, tmp_path), export()
    await room.load(rows, as_of=DAY)
    moved = await walk_clock(room.clients, room.store, "WALK", ClockMoveRequest(live=True))
    assert moved is not None
    assert (moved.clock, moved.today) == ("live", utc_now().date())
    # Every row is finished by now, those of the day of the import included.
    assert (await room.clients.backlog.get_summary("WALK")).unassigned_tasks == 0
    assert "follows the clock now" in moved.message


async def test_project_that_follows_the_clock_is_not_walked(whole: System, tmp_path: Path) -> None:
    room = ImportRoom(whole, tmp_path)
    await room.load(export(), as_of=date.today())
    sprints = walk_sprints(room.clients, room.store, "WALK", OrchestrationRequest(), 1)
    with pytest.raises(CsvRefused, match="WALK follows the clock"):
        await anext(sprints)
    assert await room.clients.sprint.list_sprints("WALK") == []


async def test_walk_ends_where_the_rows_know_less_than_half_of_a_sprint(
    whole: System, tmp_path: Path
) -> None:
    room, rows = ImportRoom(whole, tmp_path), export()
    await room.load(rows, as_of=max(row.newest for row in rows) - timedelta(17))
    saved = room.known_rows("WALK")
    assert saved is not None and await unknown_from(room.clients, saved) is None
    request = OrchestrationRequest(options=Options(sprint_duration_weeks=2))
    walked = [one async for one in walk_sprints(room.clients, room.store, "WALK", request, 5)]
    assert len(walked) == 1
    today = (await room.clients.project.get_project("WALK")).today
    assert await unknown_from(room.clients, saved) == today
    assert len(await room.clients.sprint.list_sprints("WALK")) == 1


def _finished(row: Task, today: date, number: int) -> bool:
    """Return True for a task that is not in the backlog of a day."""
    if row.finished is None:
        return False
    # An import leaves out what was finished on its day; a walk arrives before anything is.
    return row.finished <= today if number == 1 else row.finished < today
