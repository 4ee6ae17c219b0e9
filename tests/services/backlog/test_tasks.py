"""Creating, reading and changing tasks over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import httpx
import pytest

from domain_services.backlog import pages
from domain_services.backlog.app import create_app
from domain_services.backlog.client import BacklogClient
from domain_services.backlog.schema import ReservationCreate, TaskCreate, TasksCreate, TaskUpdate
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.settings import Peers
from tests.conftest import VIEWER_KEY
from tests.ports import free_port


def many(*titles: str, **values: Any) -> TasksCreate:
    return TasksCreate(tasks=[TaskCreate(title=title, **values) for title in titles])


async def test_one_task_or_many_can_be_created(backlog: BacklogClient) -> None:
    one = await backlog.create_tasks("P1", TaskCreate(title="Alone", estimate=2.5, labels=["a"]))
    assert one.task_ids == ["P1-TASK001"]
    two = await backlog.create_tasks("P1", many("First", "Second"))
    assert two.task_ids == ["P1-TASK002", "P1-TASK003"]
    task = await backlog.get_task("P1-TASK001")
    assert (task.title, task.estimate, task.labels) == ("Alone", 2.5, ["a"])
    assert (task.status, task.priority, task.version) == ("unassigned", 3, 1)
    assert (task.sprint_id, task.created_on) == (None, None)
    assert task.created_at.utcoffset() is not None


async def test_projects_count_their_own_tasks(backlog: BacklogClient) -> None:
    await backlog.create_tasks("P1", many("a", "b"))
    assert (await backlog.create_tasks("P2", many("c"))).task_ids == ["P2-TASK001"]


async def test_one_invalid_task_refuses_all_and_every_invalid_one_is_named(
    backlog_url: str, backlog: BacklogClient, http: httpx.AsyncClient
) -> None:
    tasks = [{"title": "good"}] + [{"title": "", "priority": 9} for _ in range(60)]
    answer = await http.post(f"{backlog_url}/backlogs/P1/tasks", json={"tasks": tasks})
    assert answer.status_code == 422
    fields = {error["field"] for error in answer.json()["errors"]}
    for index in range(1, 61):
        assert any(field.endswith(f"tasks.{index}.priority") for field in fields)
        assert any(field.endswith(f"tasks.{index}.title") for field in fields)
    assert await backlog.list_tasks("P1") == []


async def test_taken_external_keys_refuse_all_tasks_and_are_named(backlog: BacklogClient) -> None:
    await backlog.create_tasks("P1", many("old", external_key="K-1"))
    new_tasks = [
        TaskCreate(title="taken", external_key="K-1"),
        TaskCreate(title="fine", external_key="K-2"),
        TaskCreate(title="twice", external_key="K-3"),
        TaskCreate(title="twice", external_key="K-3"),
        TaskCreate(title="without"),
    ]
    with pytest.raises(PeerRefused) as refused:
        await backlog.create_tasks("P1", TasksCreate(tasks=new_tasks))
    assert refused.value.peer_status == 409
    errors = refused.value.problem["errors"]
    assert [error["index"] for error in errors] == [0, 2, 3]
    assert "P1-TASK001" in errors[0]["message"]
    assert len(await backlog.list_tasks("P1")) == 1
    later = await backlog.create_tasks("P1", many("next"))
    assert later.task_ids == ["P1-TASK002"]


async def test_an_external_key_is_free_in_another_project(backlog: BacklogClient) -> None:
    await backlog.create_tasks("P1", many("a", external_key="K-1"))
    created = await backlog.create_tasks("P2", many("a", external_key="K-1"))
    assert created.task_ids == ["P2-TASK001"]


async def test_parallel_creations_share_no_number(backlog: BacklogClient) -> None:
    created = await asyncio.gather(
        *(backlog.create_tasks("P1", many(f"{n}-a", f"{n}-b", f"{n}-c")) for n in range(20))
    )
    ids = [task_id for answer in created for task_id in answer.task_ids]
    assert sorted(ids) == [f"P1-TASK{number:03d}" for number in range(1, 61)]
    for answer in created:  # a request's numbers follow each other, in its order
        titles = [(await backlog.get_task(task_id)).title[-1] for task_id in answer.task_ids]
        assert titles == ["a", "b", "c"]


async def test_tasks_are_ordered_by_priority_then_age_then_number(backlog: BacklogClient) -> None:
    old, new = date(2024, 1, 1), date(2024, 6, 1)
    new_tasks = [
        TaskCreate(title="later", priority=3),
        TaskCreate(title="urgent, age unknown", priority=1),
        TaskCreate(title="urgent, new", priority=1, created_on=new),
        TaskCreate(title="urgent, old", priority=1, created_on=old),
        TaskCreate(title="urgent, old too", priority=1, created_on=old),
    ]
    await backlog.create_tasks("P1", TasksCreate(tasks=new_tasks))
    assert [task.title for task in await backlog.list_tasks("P1")] == [
        "urgent, old",
        "urgent, old too",
        "urgent, new",
        "urgent, age unknown",
        "later",
    ]


async def test_lists_are_filtered_and_paged(
    backlog: BacklogClient, backlog_url: str, http: httpx.AsyncClient
) -> None:
    await backlog.create_tasks("P1", many("a", "b", "c", "d"))
    await backlog.create_tasks("P1", many("e", assigned_to="E001"))
    await backlog.update_task("P1-TASK002", TaskUpdate(progress_percentage=30))
    assert [t.title for t in await backlog.list_tasks("P1", status="in_progress")] == ["b"]
    assert [t.title for t in await backlog.list_tasks("P1", assigned_to="E001")] == ["e"]
    assert await backlog.list_tasks("P1", status="blocked") == []
    page = await http.get(f"{backlog_url}/backlogs/P1", params={"limit": 2, "offset": 1})
    assert [task["title"] for task in page.json()] == ["a", "c"]
    assert page.headers["X-Total-Count"] == "5"
    assert (await http.get(f"{backlog_url}/backlogs/P1?limit=10001")).status_code == 422


async def test_all_tasks_come_once_though_their_order_changes_between_pages(
    backlog: BacklogClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE_TASKS", 2)
    await backlog.create_tasks("P2", many("other"))
    assert [task async for task in pages.all_tasks(backlog, "P1")] == []
    await backlog.create_tasks("P1", many("a", "b", "c", "d", "e"))
    titles: list[str] = []
    async for task in pages.all_tasks(backlog, "P1"):
        titles.append(task.title)
        # The last task is now the first of the planning order.
        await backlog.update_task("P1-TASK005", TaskUpdate(priority=len(titles) % 2 + 1))
    assert titles == ["a", "b", "c", "d", "e"]


async def test_nothing_comes_after_a_task_that_the_project_does_not_have(
    backlog: BacklogClient,
) -> None:
    await backlog.create_tasks("P2", many("other"))
    await backlog.create_tasks("P1", many("a", "b"))
    for unknown in ("P2-TASK001", "P1-TASK009"):
        assert await backlog.list_tasks("P1", after=unknown) == []
    assert [task.title for task in await backlog.list_tasks("P1", after="P1-TASK001")] == ["b"]


async def test_an_unknown_project_is_not_found_and_an_empty_one_is_empty(
    backlog: BacklogClient, backlog_url: str, http: httpx.AsyncClient
) -> None:
    assert await backlog.list_tasks("P1") == []
    summary = await backlog.get_summary("P1")
    assert (summary.total_tasks, summary.average_progress) == (0, None)
    for path in ("/backlogs/NONE", "/backlogs/NONE/summary"):
        assert (await http.get(backlog_url + path)).status_code == 404
    for path in ("/backlogs/NONE", "/backlogs/NONE/tasks"):
        answer = await http.post(backlog_url + path, json={"title": "a"})
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
    assert (await http.get(f"{backlog_url}/tasks/P1-TASK999")).status_code == 404


async def test_without_the_project_service_known_backlogs_still_work(
    serve: Callable[..., Awaitable[str]],
    backlog_settings: Callable[..., Any],
    project_url: str,
    http: httpx.AsyncClient,
) -> None:
    settings = backlog_settings(peers=Peers(project=project_url))
    first = BacklogClient(http, await serve(create_app(settings), settings.port))
    await first.create_tasks("P1", many("a"))
    alone = backlog_settings(peers=Peers(project=f"http://127.0.0.1:{free_port()}"))
    url = await serve(create_app(alone), alone.port)
    assert (await http.post(f"{url}/backlogs/P1/tasks", json={"title": "b"})).status_code == 201
    assert len((await http.get(f"{url}/backlogs/P1")).json()) == 2
    refused = await http.post(f"{url}/backlogs/P2/tasks", json={"title": "b"})
    assert refused.status_code == 503
    assert "Retry-After" in refused.headers
    assert (await http.get(f"{url}/backlogs/P2")).status_code == 503
    ready = await http.get(f"{url}/health/ready")
    assert ready.status_code == 503
    assert ready.json()["external_apis"] == {"project_service": "error"}
    assert (ready.json()["database"], ready.json()["redis"]) == ("ok", "ok")


async def test_no_connection_is_held_while_the_project_service_is_asked(
    serve: Callable[..., Awaitable[str]],
    backlog_settings: Callable[..., Any],
    project_url: str,
    http: httpx.AsyncClient,
) -> None:
    settings = backlog_settings(peers=Peers(project=project_url), pool_size=1)
    url = await serve(create_app(settings), settings.port)
    answers = await asyncio.gather(
        *(http.post(f"{url}/backlogs/P1/tasks", json={"title": "a"}) for _ in range(8))
    )
    assert [answer.status_code for answer in answers] == [201] * 8


async def test_a_service_is_ready_with_all_it_needs(
    backlog_url: str, http: httpx.AsyncClient
) -> None:
    ready = await http.get(f"{backlog_url}/health/ready")
    assert ready.status_code == 200
    assert ready.json()["service"] == "backlog-service"
    assert ready.json()["external_apis"] == {"project_service": "ok"}


async def test_summaries_count_every_status(backlog: BacklogClient) -> None:
    await backlog.create_tasks("P1", many("a", "b", "c", "d"))
    await backlog.create_tasks("P2", many("e"))
    await backlog.update_task("P1-TASK001", TaskUpdate(progress_percentage=100))
    await backlog.update_task("P1-TASK002", TaskUpdate(progress_percentage=50))
    summary = await backlog.get_summary("P1")
    assert summary.total_tasks == 4
    assert summary.unassigned_tasks == 2
    assert summary.average_progress == 37.5
    assert summary.status_counts == {
        "unassigned": 2,
        "assigned_to_sprint": 0,
        "in_progress": 1,
        "completed": 1,
        "blocked": 0,
    }
    assert await backlog.list_summaries() == [summary, await backlog.get_summary("P2")]


async def test_sample_tasks_are_created_only_for_a_project_without_tasks(
    backlog: BacklogClient,
) -> None:
    both = await asyncio.gather(*(backlog.generate_backlog("P1") for _ in range(2)))
    assert [answer.tasks_count for answer in both] == [10, 10]
    tasks = await backlog.list_tasks("P1")
    assert len(tasks) == len({task.title for task in tasks}) == 10
    await backlog.create_tasks("P2", many("own"))
    answer = await backlog.generate_backlog("P2")
    assert answer.tasks_count == 1
    assert [task.title for task in await backlog.list_tasks("P2")] == ["own"]


async def test_generating_again_resets_no_task(backlog: BacklogClient) -> None:
    await backlog.generate_backlog("P1")
    reservation = await backlog.reserve("P1", ReservationCreate(sprint_id="P1-S01"))
    await backlog.update_task("P1-TASK001", TaskUpdate(title="renamed", priority=5))
    before = await backlog.list_tasks("P1")
    again = await backlog.generate_backlog("P1")
    assert again.tasks_count == len(reservation.tasks) == 10
    assert await backlog.list_tasks("P1") == before


async def test_progress_moves_the_status_unless_it_is_named(backlog: BacklogClient) -> None:
    await backlog.create_tasks("P1", many("a"))

    async def after(**values: Any) -> tuple[str, int]:
        await backlog.update_task("P1-TASK001", TaskUpdate(**values))
        task = await backlog.get_task("P1-TASK001")
        return task.status, task.progress_percentage

    assert await after(progress_percentage=40) == ("in_progress", 40)
    assert await after(progress_percentage=20) == ("in_progress", 20)
    assert await after(status="blocked") == ("blocked", 20)
    assert await after(progress_percentage=60, status="blocked") == ("blocked", 60)
    assert await after(progress_percentage=100) == ("completed", 100)
    assert await after(progress_percentage=0) == ("unassigned", 0)
    assert await after(status="completed") == ("completed", 100)


async def test_completed_work_is_opened_again_by_saying_how_far_it_is(
    backlog: BacklogClient,
) -> None:
    await backlog.create_tasks("P1", many("a"))
    await backlog.update_task("P1-TASK001", TaskUpdate(status="completed"))
    with pytest.raises(PeerRefused) as refused:
        await backlog.update_task("P1-TASK001", TaskUpdate(status="unassigned"))
    assert refused.value.peer_status == 422
    reopened = TaskUpdate(status="unassigned", progress_percentage=80)
    await backlog.update_task("P1-TASK001", reopened)
    assert (await backlog.get_task("P1-TASK001")).progress_percentage == 80


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": "completed", "progress_percentage": 50},
        {"status": "assigned_to_sprint"},
        {"status": "in_progress", "progress_percentage": 100},
        {"status": "done"},
        {"progress_percentage": 101},
        {"progress_percentage": -1},
        {"progress_percentage": True},
        {"title": None},
        {"task_id": "P1-TASK002"},
        {"sprint_id": "P1-S01"},
    ],
)
async def test_impossible_combinations_are_refused(
    backlog: BacklogClient, backlog_url: str, http: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    await backlog.create_tasks("P1", many("a"))
    answer = await http.put(f"{backlog_url}/tasks/P1-TASK001", json=body)
    assert answer.status_code == 422
    assert (await backlog.get_task("P1-TASK001")).version == 1


async def test_update_leaves_unnamed_fields_unchanged(backlog: BacklogClient) -> None:
    await backlog.create_tasks("P1", many("a", assigned_to="E001", estimate=3, labels=["x"]))
    changed = await backlog.update_task("P1-TASK001", TaskUpdate(assigned_to=None, title="b"))
    assert changed.version == 2
    task = await backlog.get_task("P1-TASK001")
    assert (task.title, task.assigned_to, task.estimate, task.labels) == ("b", None, 3, ["x"])


async def test_an_update_of_an_old_version_is_refused(
    backlog: BacklogClient, backlog_url: str, http: httpx.AsyncClient
) -> None:
    await backlog.create_tasks("P1", many("a"))
    etag = (await http.get(f"{backlog_url}/tasks/P1-TASK001")).headers["ETag"]
    assert etag == '"1"'
    for version in range(1, 6):
        writers = [
            backlog.update_task("P1-TASK001", TaskUpdate(priority=n), version=version)
            for n in range(1, 6)
        ]
        outcomes = await asyncio.gather(*writers, return_exceptions=True)
        refusals = [outcome for outcome in outcomes if isinstance(outcome, PeerRefused)]
        assert [outcome.peer_status for outcome in refusals] == [412] * 4
        assert (await backlog.get_task("P1-TASK001")).version == version + 1
    malformed = await http.put(
        f"{backlog_url}/tasks/P1-TASK001", json={"priority": 1}, headers={"If-Match": "x"}
    )
    assert malformed.status_code == 422


async def test_a_viewer_may_read_only(backlog: BacklogClient, backlog_url: str) -> None:
    await backlog.create_tasks("P1", many("a"))
    headers = {"Authorization": f"Bearer {VIEWER_KEY}"}
    async with httpx.AsyncClient(headers=headers) as viewer:
        assert (await viewer.get(f"{backlog_url}/backlogs/P1")).status_code == 200
        answer = await viewer.put(f"{backlog_url}/tasks/P1-TASK001", json={"priority": 1})
        assert answer.status_code == 403
    async with httpx.AsyncClient() as nobody:
        assert (await nobody.get(f"{backlog_url}/backlogs/P1")).status_code == 401
