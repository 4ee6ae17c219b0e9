"""The Product Owner's order: its tasks are planned first, until they are finished."""

import asyncio
import random
from collections.abc import Sequence
from datetime import date
from typing import Any

import httpx
import psycopg
import pytest

from domain_services.backlog.client import BacklogClient
from domain_services.backlog.planning_schema import OrderUpdate
from domain_services.backlog.schema import ReservationCreate, TaskCreate, TasksCreate, TaskUpdate
from domain_services.kernel.client.http_client import PeerRefused
from tests.conftest import VIEWER_KEY
from tests.services.backlog.conftest import MakeSettings

IDS = [f"P1-TASK{number:03d}" for number in range(1, 6)]
DAY = date(2026, 3, 2)


@pytest.fixture
async def backlog_of_five(backlog: BacklogClient) -> BacklogClient:
    tasks = [TaskCreate(title=f"task {n}", external_key=f"K-{n}") for n in range(1, 6)]
    await backlog.create_tasks("P1", TasksCreate(tasks=tasks))
    return backlog


async def put(backlog: BacklogClient, *names: str) -> list[str]:
    answer = await backlog.put_order("P1", OrderUpdate(task_ids=list(names)))
    assert answer.project_id == "P1"
    return answer.task_ids


async def order(backlog: BacklogClient) -> list[str]:
    return (await backlog.get_order("P1")).task_ids


async def listed(backlog: BacklogClient) -> list[str]:
    return [task.task_id for task in await backlog.list_tasks("P1")]


async def refusal(backlog: BacklogClient, *names: str) -> PeerRefused:
    with pytest.raises(PeerRefused) as refused:
        await put(backlog, *names)
    return refused.value


async def connect(settings: MakeSettings) -> psycopg.AsyncConnection[Any]:
    """Open the database of this test's backlog service."""
    url = settings().database_url
    assert url is not None
    plain = url.get_secret_value().replace("+psycopg", "")
    return await psycopg.AsyncConnection.connect(plain, autocommit=True)


async def test_ranked_tasks_go_first_in_their_order(backlog_of_five: BacklogClient) -> None:
    await backlog_of_five.update_task(IDS[0], TaskUpdate(priority=1))
    assert await put(backlog_of_five, "K-4", IDS[1]) == [IDS[3], IDS[1]]
    assert await order(backlog_of_five) == [IDS[3], IDS[1]]
    planned = [IDS[3], IDS[1], IDS[0], IDS[2], IDS[4]]
    assert await listed(backlog_of_five) == planned
    candidates = await backlog_of_five.list_candidates("P1", DAY)
    assert [task.task_id for task in candidates] == planned
    assert [task.rank for task in candidates] == [1, 2, None, None, None]
    reserved = await backlog_of_five.reserve("P1", ReservationCreate(sprint_id="P1-S01"))
    assert [task.task_id for task in reserved.tasks] == planned


async def test_new_order_replaces_the_one_before(backlog_of_five: BacklogClient) -> None:
    for names in (IDS[:3], IDS[2:], IDS[2:], list(reversed(IDS)), []):
        assert await put(backlog_of_five, *names) == names
        assert await order(backlog_of_five) == names
        ranks = [(await backlog_of_five.get_task(name)).rank for name in names]
        assert ranks == list(range(1, len(names) + 1))
    assert await listed(backlog_of_five) == IDS


async def test_rank_makes_no_new_version(backlog_of_five: BacklogClient) -> None:
    before = await backlog_of_five.get_task(IDS[2])
    await put(backlog_of_five, IDS[2])
    assert await backlog_of_five.get_task(IDS[2]) == before.model_copy(update={"rank": 1})
    await backlog_of_five.update_task(IDS[2], TaskUpdate(priority=1), version=before.version)


async def test_finished_task_leaves_the_order_until_it_is_opened_again(
    backlog_of_five: BacklogClient,
) -> None:
    await put(backlog_of_five, *IDS[:3])
    await backlog_of_five.update_task(IDS[1], TaskUpdate(status="completed"))
    assert await order(backlog_of_five) == [IDS[0], IDS[2]]
    assert (await backlog_of_five.get_task(IDS[1])).rank is None
    assert (await listed(backlog_of_five))[:2] == [IDS[0], IDS[2]]
    await backlog_of_five.update_task(IDS[1], TaskUpdate(progress_percentage=0))
    assert await order(backlog_of_five) == IDS[:3]


async def test_new_order_forgets_the_rank_of_a_finished_task(
    backlog_of_five: BacklogClient,
) -> None:
    await put(backlog_of_five, *IDS[:3])
    await backlog_of_five.update_task(IDS[1], TaskUpdate(status="completed"))
    await put(backlog_of_five, IDS[0])
    await backlog_of_five.update_task(IDS[1], TaskUpdate(progress_percentage=0))
    assert await order(backlog_of_five) == [IDS[0]]


async def test_impossible_order_is_refused_whole_and_each_task_is_named(
    backlog_of_five: BacklogClient,
) -> None:
    await backlog_of_five.create_tasks("P2", TaskCreate(title="a", external_key="K-9"))
    await backlog_of_five.update_task(IDS[4], TaskUpdate(status="completed"))
    await put(backlog_of_five, IDS[1])
    names = [IDS[0], "nothing", "P2-TASK001", "K-9", IDS[2], IDS[2], "K-1", IDS[4]]
    refused = await refusal(backlog_of_five, *names)
    assert refused.peer_status == 422
    assert [(e["index"], e["task_id"], e["message"]) for e in refused.problem["errors"]] == [
        (1, "nothing", "is no task of P1: correct its name"),
        (2, "P2-TASK001", "is a task of P2: leave it out"),
        (3, "K-9", "is no task of P1: correct its name"),
        (5, IDS[2], "is named twice: name it once"),
        (6, "K-1", f"is the same task as {IDS[0]}: name it once"),
        (7, IDS[4], "is completed: leave it out"),
    ]
    assert "nothing is no task of P1" in refused.detail
    assert await order(backlog_of_five) == [IDS[1]]


async def test_id_goes_before_an_equal_external_key(backlog_of_five: BacklogClient) -> None:
    await backlog_of_five.create_tasks("P1", TaskCreate(title="a", external_key=IDS[0]))
    assert await put(backlog_of_five, IDS[0]) == [IDS[0]]


async def test_of_two_orders_at_once_one_stands_whole(backlog_of_five: BacklogClient) -> None:
    draw = random.Random(5)
    for _ in range(5):
        orders = [draw.sample(IDS, draw.randrange(1, 6)) for _ in range(8)]
        await asyncio.gather(*(put(backlog_of_five, *names) for names in orders))
        assert await order(backlog_of_five) in orders


async def test_order_of_an_unknown_project_is_not_found(backlog: BacklogClient) -> None:
    for call in (backlog.get_order("P9"), backlog.put_order("P9", OrderUpdate(task_ids=[]))):
        with pytest.raises(PeerRefused) as unknown:
            await call
        assert unknown.value.peer_status == 404
    assert (await backlog.get_order("P2")).task_ids == []
    assert (await backlog.put_order("P2", OrderUpdate(task_ids=[]))).task_ids == []


async def test_a_viewer_cannot_change_the_order(
    backlog_of_five: BacklogClient, backlog_url: str
) -> None:
    headers = {"Authorization": f"Bearer {VIEWER_KEY}"}
    async with httpx.AsyncClient(headers=headers) as viewer:
        path = f"{backlog_url}/backlogs/P1/order"
        assert (await viewer.put(path, json={"task_ids": IDS})).status_code == 403
        assert (await viewer.get(path)).json() == {"project_id": "P1", "task_ids": []}


async def test_order_of_five_thousand_tasks(backlog: BacklogClient) -> None:
    names: list[str] = []
    for _ in range(10):
        tasks = TasksCreate(tasks=[TaskCreate(title="x") for _ in range(500)])
        names += (await backlog.create_tasks("P1", tasks)).task_ids
    for _ in range(2):
        names.reverse()
        assert await put(backlog, *names) == names
    assert await order(backlog) == names
    with pytest.raises(PeerRefused) as refused:
        await backlog.put_order("P1", OrderUpdate.model_construct(task_ids=[*names, "one more"]))
    assert refused.value.peer_status == 422


async def test_order_does_not_deadlock_with_a_completion(
    backlog_of_five: BacklogClient, backlog_settings: MakeSettings
) -> None:
    """A completion locks its task, then what depends on it."""
    await backlog_of_five.update_task(IDS[0], TaskUpdate(depends_on=[IDS[4]]))
    # Ranked and written, so that scans of the table and of its index come to the dependent first.
    await put(backlog_of_five, IDS[0])
    await backlog_of_five.update_task(IDS[4], TaskUpdate(title="needed"))
    async with await connect(backlog_settings) as connection, connection.transaction():
        query = "SELECT FROM tasks WHERE task_id = %s FOR UPDATE"
        await connection.execute(query, [IDS[4]])
        ordered = asyncio.create_task(put(backlog_of_five, *reversed(IDS)))
        async with await connect(backlog_settings) as other:
            await until_somebody_waits(other)
        query = "UPDATE tasks SET status = 'completed' WHERE task_id = %s"
        await connection.execute(query, [IDS[4]])
    assert await ordered == IDS[::-1]
    assert await order(backlog_of_five) == IDS[3::-1]
    assert (await backlog_of_five.get_task(IDS[0])).ready


async def until_somebody_waits(connection: psycopg.AsyncConnection[Any]) -> None:
    """Wait until a statement on this database waits for a lock of another."""
    query = """
        SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'
    """
    async with asyncio.timeout(20):
        while (await (await connection.execute(query)).fetchone()) is None:
            await asyncio.sleep(0)


async def test_first_page_of_a_large_backlog_sorts_nothing(
    backlog: BacklogClient, backlog_settings: MakeSettings
) -> None:
    await backlog.create_tasks("P1", TaskCreate(title="a"))
    async with await connect(backlog_settings) as connection:
        await connection.execute(
            """
            INSERT INTO tasks (task_id, project_id, number, title, description, status, priority,
                               type, labels, order_number)
            SELECT 'P1-TASK' || n, 'P1', n, 'x', '', 'unassigned', 1 + n % 5, 'task', '{}',
                   CASE WHEN n % 7 = 0 THEN n END
            FROM generate_series(1000, 6000) AS n
            """
        )
        await connection.execute("ANALYZE tasks")
        lines = await plan(
            connection,
            "SELECT title FROM tasks WHERE project_id = 'P1'"
            " ORDER BY in_source_sprint DESC, rank, carried_over DESC, ready DESC, priority,"
            " created_on, number LIMIT 20",
        )
    assert any("tasks_in_planning_order" in line for line in lines)
    assert not any("Sort" in line for line in lines)


async def plan(connection: psycopg.AsyncConnection[Any], query: str) -> Sequence[str]:
    rows = await (await connection.execute(f"EXPLAIN {query}".encode())).fetchall()
    return [row[0] for row in rows]
