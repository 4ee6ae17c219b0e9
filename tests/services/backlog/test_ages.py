"""Counts of tasks by age, against the same counts made task by task."""

import asyncio
import random
from datetime import date, timedelta

import httpx
import pytest

from domain_services.backlog.client import BacklogClient
from domain_services.backlog.planning_schema import (
    CLASS_BORDERS,
    AgeWindow,
    PastTask,
    PastTasksUpdate,
)
from domain_services.backlog.schema import TaskCreate, TasksCreate, TaskUpdate
from domain_services.kernel.client.http_client import PeerRefused

DAY = date(2026, 3, 2)
Dates = tuple[date, date | None]


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


def task(created: int, finished: int | None = None, key: str | None = None) -> TaskCreate:
    """Make a task that was created, and perhaps completed, a number of days ago."""
    values = {"title": "x", "created_on": ago(created), "external_key": key}
    if finished is not None:
        values |= {"status": "completed", "finished_on": ago(finished)}
    return TaskCreate.model_validate(values)


def past(key: str, created: int, finished: int) -> PastTask:
    return PastTask(external_key=key, created_on=ago(created), finished_on=ago(finished))


async def create(backlog: BacklogClient, *tasks: TaskCreate) -> None:
    for first in range(0, len(tasks), 500):
        await backlog.create_tasks("P1", TasksCreate(tasks=list(tasks[first : first + 500])))


def age_class(age: int) -> int:
    return sum(border <= age for border in CLASS_BORDERS) - 1


def counted(tasks: list[Dates], start: date, days: int) -> AgeWindow:
    """Count one window as the route describes it, by looking at every task."""
    end = start + timedelta(days=days)
    at_start, finished = [0] * len(CLASS_BORDERS), [0] * len(CLASS_BORDERS)
    arrived = 0
    for created_on, finished_on in tasks:
        ends = finished_on is not None and start <= finished_on < end
        if created_on < start and (finished_on is None or finished_on >= start):
            at_start[age_class((start - created_on).days)] += 1
            finished[age_class((start - created_on).days)] += ends
        elif created_on >= start:
            arrived += ends
    return AgeWindow(start_date=start, open=at_start, finished=finished, arrived=arrived)


def in_class(index: int, count: int) -> list[int]:
    return [count if at == index else 0 for at in range(len(CLASS_BORDERS))]


async def test_every_window_counts_what_a_look_at_every_task_counts(
    backlog: BacklogClient,
) -> None:
    draw = random.Random(7)
    tasks: list[TaskCreate] = []
    for _ in range(400):
        created = draw.randrange(-5, 600)
        finished = draw.choice([None, draw.randrange(-5, 600)])
        tasks.append(task(created, None if finished is None else min(created, finished)))
    await create(backlog, *tasks)
    past_tasks: list[PastTask] = []
    for number in range(200):
        created = draw.randrange(0, 700)
        past_tasks.append(past(f"K-{number}", created, draw.randrange(0, created + 1)))
    await backlog.put_past_tasks("P1", PastTasksUpdate(tasks=past_tasks))
    known: list[Dates] = [
        (t.created_on, t.finished_on) for t in [*tasks, *past_tasks] if t.created_on is not None
    ]
    known = [(created_on, finished_on) for created_on, finished_on in known if created_on <= DAY]
    for days in (1, 5, 14, 56):
        ages = await backlog.count_ages("P1", DAY, days=days, windows=200)
        starts = [window.start_date for window in ages.windows]
        assert starts == [DAY - timedelta(days=days * n) for n in range(len(starts), 0, -1)]
        first = min(created_on for created_on, _ in known)
        assert len(starts) == 200 or starts[0] - timedelta(1) < first
        for window in ages.windows:
            assert window == counted(known, window.start_date, days)
        open_now = [0] * len(CLASS_BORDERS)
        for created_on, finished_on in known:
            if finished_on is None or finished_on > DAY:
                open_now[age_class((DAY - created_on).days)] += 1
        assert ages.open_tasks == open_now


async def test_edges_of_a_window_and_of_an_age_class(backlog: BacklogClient) -> None:
    await create(
        backlog,
        task(14, 1),  # created on the first day, finished on the last one
        task(15, 14),  # open at the start, finished on the first day
        task(17, 0),  # three days old at the start, finished on the day of the question
        task(42, 15),  # finished before
        task(0),
    )
    ages = await backlog.count_ages("P1", DAY, days=14, windows=1)
    (window,) = ages.windows
    assert (window.start_date, window.arrived) == (ago(14), 1)
    assert window.open == [0, 1, 1, *in_class(3, 0)[3:]]
    assert window.finished == in_class(1, 1)
    assert ages.open_tasks == in_class(0, 1)
    assert (ages.project_id, ages.day, ages.days) == ("P1", DAY, 14)
    assert ages.class_borders == [0, 1, 3, 7, 14, 28, 56, 112, 224, 448]


async def test_windows_before_the_first_creation_are_left_out(backlog: BacklogClient) -> None:
    await create(backlog, task(15))
    windows = (await backlog.count_ages("P1", DAY, days=14)).windows
    assert [window.start_date for window in windows] == [ago(28), ago(14)]
    await backlog.create_tasks("P2", task(0))
    assert (await backlog.count_ages("P2", DAY)).windows == []


async def test_a_past_task_counts_only_while_no_task_has_its_key(backlog: BacklogClient) -> None:
    tasks = [past("K-1", 40, 20), past("K-2", 40, 20)]
    await backlog.put_past_tasks("P1", PastTasksUpdate(tasks=tasks))
    assert (await backlog.count_ages("P1", DAY)).open_tasks == in_class(0, 0)
    await create(backlog, task(40, key="K-1"))
    ages = await backlog.count_ages("P1", DAY)
    assert ages.open_tasks == in_class(5, 1)
    assert [sum(window.finished) for window in ages.windows] == [0, 1, 0]
    # A day on which both past ones were still open.
    earlier = await backlog.count_ages("P1", ago(25))
    assert earlier.open_tasks == in_class(4, 2)


async def test_completed_tasks_without_a_day_are_left_out(backlog: BacklogClient) -> None:
    await create(backlog, task(40))
    await backlog.update_task("P1-TASK001", TaskUpdate(status="completed"))
    ages = await backlog.count_ages("P1", DAY)
    assert (ages.open_tasks, ages.windows) == (in_class(0, 0), [])


async def test_without_a_day_of_creation_the_day_of_storing_counts(backlog: BacklogClient) -> None:
    await backlog.create_tasks("P1", TaskCreate(title="a"))
    created = (await backlog.get_task("P1-TASK001")).created_at.date()
    later = created + timedelta(days=7)
    assert (await backlog.count_ages("P1", later)).open_tasks == in_class(3, 1)
    assert (await backlog.count_ages("P1", DAY)).open_tasks == in_class(0, 0)


async def test_past_tasks_are_no_tasks(backlog: BacklogClient) -> None:
    stored = await backlog.put_past_tasks("P1", PastTasksUpdate(tasks=[past("K-1", 9, 3)]))
    assert (stored.project_id, stored.tasks) == ("P1", 1)
    assert await backlog.list_tasks("P1") == await backlog.list_candidates("P1", DAY) == []
    assert await backlog.list_summaries() == []
    assert (await backlog.get_summary("P1")).total_tasks == 0
    assert (await backlog.count_finished_outside("P1", ago(14), DAY)).tasks == 0
    # A generated backlog is for a project without tasks.
    assert (await backlog.generate_backlog("P1")).tasks_count == 10


async def test_past_tasks_are_replaced_whole(backlog: BacklogClient) -> None:
    for number in (3, 2, 2, 0):
        tasks = [past(f"K-{n}", 60, 10) for n in range(number)]
        await backlog.put_past_tasks("P1", PastTasksUpdate(tasks=tasks))
        windows = (await backlog.count_ages("P1", DAY)).windows
        assert [sum(window.finished) for window in windows[-1:]] == [number][: len(windows)]


async def test_of_two_replacements_at_once_one_is_stored_whole(backlog: BacklogClient) -> None:
    sizes = (5, 40, 90)
    updates = [PastTasksUpdate(tasks=[past(f"K-{n}", 60, 10) for n in range(m)]) for m in sizes]
    await asyncio.gather(*(backlog.put_past_tasks("P1", update) for update in updates * 4))
    assert sum((await backlog.count_ages("P1", DAY)).windows[-1].finished) in sizes


async def test_impossible_past_tasks_are_refused_and_named(backlog: BacklogClient) -> None:
    await backlog.put_past_tasks("P1", PastTasksUpdate(tasks=[past("OLD", 60, 10)]))
    tasks = [past("A", 9, 3), past("B", 3, 9), past("C", 9, 3), past("A", 8, 2)]
    with pytest.raises(PeerRefused) as refused:
        await backlog.put_past_tasks("P1", PastTasksUpdate(tasks=tasks))
    assert refused.value.peer_status == 422
    assert "B is finished before it is created" in refused.value.detail
    assert [error["index"] for error in refused.value.problem["errors"]] == [0, 1, 3]
    assert sum((await backlog.count_ages("P1", DAY)).windows[-1].finished) == 1


async def test_ages_and_past_tasks_of_an_unknown_project(backlog: BacklogClient) -> None:
    calls = (
        backlog.count_ages("P9", DAY),
        backlog.put_past_tasks("P9", PastTasksUpdate(tasks=[])),
        backlog.list_candidates("P9", DAY),
    )
    for call in calls:
        with pytest.raises(PeerRefused) as unknown:
            await call
        assert unknown.value.peer_status == 404
    empty = await backlog.count_ages("P2", DAY)
    assert (empty.open_tasks, empty.windows) == (in_class(0, 0), [])


async def test_impossible_windows_are_refused(backlog_url: str, http: httpx.AsyncClient) -> None:
    for query in ("day=0001-06-01", "day=2026-03-02&days=57", "day=2026-03-02&windows=201", ""):
        answer = await http.get(f"{backlog_url}/backlogs/P1/ages?{query}")
        assert answer.status_code == 422, query
    latest = await http.get(f"{backlog_url}/backlogs/P1/ages?day=9999-12-31&days=56&windows=200")
    assert latest.status_code == 200


async def test_ten_thousand_past_tasks_are_kept_and_counted(backlog: BacklogClient) -> None:
    draw = random.Random(3)
    created = [draw.randrange(1, 1064) for _ in range(10_000)]
    tasks = [past(f"PROJECT-{n}", age, draw.randrange(1, age + 1)) for n, age in enumerate(created)]
    stored = await backlog.put_past_tasks("P1", PastTasksUpdate(tasks=tasks))
    assert stored.tasks == 10_000
    windows = (await backlog.count_ages("P1", DAY)).windows
    assert len(windows) == 76
    assert sum(sum(window.finished) + window.arrived for window in windows) == 10_000
