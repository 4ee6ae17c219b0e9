"""Dependencies between tasks, and the stories that tasks belong to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from domain_services.backlog.client import BacklogClient
from domain_services.backlog.logic import changes
from domain_services.backlog.logic.links import in_cycles
from domain_services.backlog.schema import (
    ReservationCreate,
    TaskCreate,
    TasksCreate,
    TaskUpdate,
)
from domain_services.backlog.settings import BacklogSettings
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.database.database import Database
from domain_services.kernel.errors import Invalid

A, B, C, D = (f"P1-TASK00{number}" for number in range(1, 5))


@pytest.fixture
async def database(
    backlog_settings: Callable[..., BacklogSettings], serve: Any
) -> AsyncIterator[Database]:
    """The service's database, beside the service."""
    url = backlog_settings().database_url
    assert url is not None
    connections = Database(url.get_secret_value(), pool_size=3)
    yield connections
    await connections.close()


def task(title: str, *depends_on: str, **values: Any) -> TaskCreate:
    return TaskCreate(title=title, external_key=title, depends_on=list(depends_on), **values)


async def create(backlog: BacklogClient, *new_tasks: TaskCreate) -> list[str]:
    return (await backlog.create_tasks("P1", TasksCreate(tasks=list(new_tasks)))).task_ids


async def ready(backlog: BacklogClient) -> set[str]:
    return {task.task_id for task in await backlog.list_tasks("P1", ready=True)}


async def complete(backlog: BacklogClient, task_id: str) -> None:
    await backlog.update_task(task_id, TaskUpdate(status="completed"))


async def test_dependencies_are_named_by_id_or_by_key_also_of_the_same_request(
    backlog: BacklogClient,
) -> None:
    await create(backlog, task("a"))
    await create(backlog, task("b", A, "c"), task("c", "a"))
    tasks = {task.task_id: task for task in await backlog.list_tasks("P1")}
    assert {task_id: task.depends_on for task_id, task in tasks.items()} == {
        A: [],
        B: [A, C],
        C: [A],
    }
    assert {task_id for task_id, task in tasks.items() if task.ready} == {A}
    assert (await backlog.get_task(B)).depends_on == [A, C]


async def test_each_task_that_cannot_be_linked_is_named_and_none_is_stored(
    backlog: BacklogClient,
) -> None:
    await create(backlog, task("old"))
    await backlog.create_tasks("P2", task("elsewhere"))
    new_tasks = [
        task("fine", A),
        task("ghost", "P1-TASK999", A, "nothing"),
        task("itself", "itself"),
        task("chicken", "egg"),
        task("egg", "chicken"),
        task("after an egg", "egg"),
        task("elsewhere too", "P2-TASK001"),
        task("old"),
        task("of no story", story_id=A),
    ]
    with pytest.raises(PeerRefused) as refused:
        await create(backlog, *new_tasks)
    assert refused.value.peer_status == 422
    errors = refused.value.problem["errors"]
    assert [(error["index"], error.get("field")) for error in errors] == [
        (1, "depends_on"),
        (1, "depends_on"),
        (2, "depends_on"),
        (3, "depends_on"),
        (4, "depends_on"),
        (6, "depends_on"),
        (7, None),
        (8, "story_id"),
    ]
    reasons = [error["message"] for error in errors]
    assert reasons[:3] == [
        "P1-TASK999 is no task of P1",
        "nothing is no task of P1",
        "a task does not depend on itself",
    ]
    assert reasons[-2:] == [f"external key old is taken by {A}", f"{A} is a task, not a story"]
    assert len(await backlog.list_tasks("P1")) == 1


async def test_a_task_is_ready_when_all_it_depends_on_is_completed(backlog: BacklogClient) -> None:
    await create(backlog, task("a"), task("b"), task("c", "a", "b"), task("d", "c"))
    assert await ready(backlog) == {A, B}
    await complete(backlog, A)
    assert await ready(backlog) == {A, B}
    version = (await backlog.get_task(C)).version
    await complete(backlog, B)
    assert await ready(backlog) == {A, B, C}
    assert (await backlog.get_task(C)).version == version
    await backlog.update_task(A, TaskUpdate(progress_percentage=50))
    assert await ready(backlog) == {A, B}
    late = await create(backlog, task("late", "b"), task("later", "a"))
    assert await ready(backlog) == {A, B, late[0]}


async def test_ready_tasks_are_planned_first(backlog: BacklogClient) -> None:
    await create(
        backlog,
        task("waits, urgent", "low", priority=1),
        task("waits, normal", "low", priority=3),
        task("low", priority=5),
        task("high", priority=2),
    )
    titles = [task.title for task in await backlog.list_tasks("P1")]
    assert titles == ["high", "low", "waits, urgent", "waits, normal"]
    # A sprint may hold a task together with what it waits for.
    request = ReservationCreate(sprint_id="P1-S01", task_ids=[A, C])
    reservation = await backlog.reserve("P1", request)
    assert [(task.task_id, task.ready) for task in reservation.tasks] == [(C, True), (A, False)]


async def test_dependencies_are_changed_as_a_whole(backlog: BacklogClient) -> None:
    await create(backlog, task("a"), task("b"), task("c", "a"))
    await backlog.update_task(C, TaskUpdate(depends_on=["b", B]))
    assert (await backlog.get_task(C)).depends_on == [B]
    await complete(backlog, A)
    assert not (await backlog.get_task(C)).ready
    await backlog.update_task(C, TaskUpdate(depends_on=["a"]))
    assert (await backlog.get_task(C)).ready
    await backlog.update_task(C, TaskUpdate(depends_on=[]))
    free = await backlog.get_task(C)
    assert (free.depends_on, free.ready, free.version) == ([], True, 4)


async def test_a_change_closes_no_cycle_and_names_the_way(backlog: BacklogClient) -> None:
    await create(backlog, task("a"), task("b", "a"), task("c", "b"), task("d"))
    for names, reason in [
        ([A], f"{A} -> {A}"),
        (["a"], f"{A} -> {A}"),
        ([B], f"{A} -> {B} -> {A}"),
        ([D, C], f"{A} -> {C} -> {B} -> {A}"),
        (["P1-TASK999", "x"], "P1-TASK999, x: no task of P1"),
    ]:
        with pytest.raises(PeerRefused) as refused:
            await backlog.update_task(A, TaskUpdate(depends_on=names, title="changed"))
        assert refused.value.peer_status == 422
        assert refused.value.problem["detail"].endswith(reason)
    unchanged = await backlog.get_task(A)
    assert (unchanged.depends_on, unchanged.title, unchanged.version) == ([], "a", 1)


async def test_changes_at_the_same_time_close_no_cycle_together(
    backlog: BacklogClient, database: Database
) -> None:
    await create(backlog, task("a"), task("b", "c"), task("c"), task("d", "a"))
    async with database.transaction() as first, database.transaction() as second:
        await changes.change(first, A, TaskUpdate(depends_on=[B]), actor="first")
        request = TaskUpdate(depends_on=[D])  # of other tasks than the first request's
        waiting = asyncio.create_task(changes.change(second, C, request, actor="second"))
        await _until_somebody_waits(database)
        await first.commit()
        with pytest.raises(Invalid, match=f"{C} -> {D} -> {A} -> {B} -> {C}"):
            await waiting


async def _until_somebody_waits(database: Database) -> None:
    waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with asyncio.timeout(20), database.reading() as connection:
        while not await connection.scalar(waits):
            await asyncio.sleep(0.01)


async def test_dependencies_completed_at_once_all_count(backlog: BacklogClient) -> None:
    keys = [f"needed {n}" for n in range(6)]
    needed = await create(backlog, *(task(key) for key in keys))
    waiting = await create(backlog, task("x", *keys), task("y", *keys), task("z"))
    for _ in range(3):
        await asyncio.gather(
            *(complete(backlog, task_id) for task_id in needed),
            # While they are completed, another task begins to depend on them.
            backlog.update_task(waiting[2], TaskUpdate(depends_on=keys)),
        )
        assert {*waiting} <= await ready(backlog)
        await asyncio.gather(
            *(
                backlog.update_task(task_id, TaskUpdate(progress_percentage=10))
                for task_id in needed
            )
        )
        assert await ready(backlog) == {*needed}


async def test_a_story_has_tasks(backlog: BacklogClient) -> None:
    story = task("sign up", type="Story")
    await create(backlog, story, task("form", story_id="sign up"), task("mail"))
    await backlog.update_task(C, TaskUpdate(story_id=A))
    assert (await backlog.get_task(B)).story_id == A
    of_story = await backlog.list_tasks("P1", story_id=A)
    assert [task.task_id for task in of_story] == [B, C]
    await backlog.update_task(B, TaskUpdate(story_id=None))
    assert (await backlog.get_task(B)).story_id is None
    assert [task.task_id for task in await backlog.list_tasks("P1", story_id=A)] == [C]


async def test_stories_stay_stories_of_one_level(backlog: BacklogClient) -> None:
    await create(
        backlog,
        task("story", type="story"),
        task("other", type="story"),
        task("of story", story_id="story"),
        task("chore", type="chore"),
    )
    for task_id, update, reason in [
        (C, TaskUpdate(story_id=D), "not a story"),
        (C, TaskUpdate(story_id="P1-TASK999"), "no task of P1"),
        (B, TaskUpdate(story_id=A), "belongs to no other story"),
        (A, TaskUpdate(type="chore"), "stays one"),
        (A, TaskUpdate(type="chore", story_id=B), "stays one"),
        (C, TaskUpdate(type="story"), "no story"),
    ]:
        with pytest.raises(PeerRefused) as refused:
            await backlog.update_task(task_id, update)
        assert refused.value.peer_status == 422
        assert reason in refused.value.problem["detail"]
    await backlog.update_task(C, TaskUpdate(type="story", story_id=None))
    await backlog.update_task(A, TaskUpdate(type="chore"))
    await backlog.update_task(A, TaskUpdate(story_id=C))
    assert (await backlog.get_task(A)).story_id == C


async def test_links_of_an_old_version_or_an_unknown_task_are_refused(
    backlog: BacklogClient, backlog_url: str, http: httpx.AsyncClient
) -> None:
    await create(backlog, task("a"), task("b"))
    await backlog.update_task(A, TaskUpdate(priority=1))
    with pytest.raises(PeerRefused) as refused:
        await backlog.update_task(A, TaskUpdate(depends_on=["nothing"]), version=1)
    assert refused.value.peer_status == 412
    for path in (f"{backlog_url}/tasks/P1-TASK999", f"{backlog_url}/tasks/P9-TASK001"):
        answer = await http.put(path, json={"depends_on": [A]})
        assert answer.status_code == 404
    for value in (None, "a", [1], [""], ["a", "a"], ["a"] * 51, [None], {}):
        answer = await http.put(f"{backlog_url}/tasks/{A}", json={"depends_on": value})
        assert answer.status_code == 422, value


def test_only_nodes_on_cycles_are_returned() -> None:
    edges = {"a": ["b"], "b": ["c"], "c": ["b"], "d": ["a"], "e": ["d", "f"], "f": []}
    assert in_cycles(edges) == {"b", "c"}
    chain = {str(n): [str(n + 1)] for n in range(500)} | {"500": []}
    assert in_cycles(chain) == set()
    assert in_cycles(chain | {"500": ["0"]}) == set(chain)
