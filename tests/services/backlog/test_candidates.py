"""Free tasks in planning order, with what they wait for and how old they are."""

from datetime import date, timedelta
from typing import Any

import httpx

from domain_services.backlog.client import BacklogClient
from domain_services.backlog.schema import ReservationCreate, TaskCreate, TasksCreate, TaskUpdate

DAY = date(2026, 3, 2)


async def create(backlog: BacklogClient, *ages: int, **values: Any) -> None:
    """Create a task for each age in days; its title is its age."""
    tasks = [
        TaskCreate(title=str(age), created_on=DAY - timedelta(days=age), **values) for age in ages
    ]
    await backlog.create_tasks("P1", TasksCreate(tasks=tasks))


async def titles(backlog: BacklogClient, **options: Any) -> list[str]:
    return [task.title for task in await backlog.list_candidates("P1", DAY, **options)]


async def test_youngest_age_class_goes_first_and_the_oldest_of_a_class(
    backlog: BacklogClient,
) -> None:
    await create(backlog, 100, 2, 13, 14, 27, 3, 28)
    assert await titles(backlog) == ["100", "28", "27", "14", "13", "3", "2"]
    borders = (3, 14, 28)
    ordered = ["2", "13", "3", "27", "14", "100", "28"]
    assert await titles(backlog, class_borders=borders) == ordered
    assert await titles(backlog, class_borders=borders, limit=3) == ordered[:3]


async def test_equal_tasks_keep_the_order_of_their_numbers(backlog: BacklogClient) -> None:
    await create(backlog, 5, 5, 5)
    ids = [task.task_id for task in await backlog.list_candidates("P1", DAY, class_borders=(3,))]
    assert ids == ["P1-TASK001", "P1-TASK002", "P1-TASK003"]


async def test_begun_then_ready_then_priority_go_before_age(backlog: BacklogClient) -> None:
    await create(backlog, 50, 40, 30, 20, 10)
    await backlog.update_task("P1-TASK001", TaskUpdate(depends_on=["P1-TASK002"]))
    await backlog.update_task("P1-TASK003", TaskUpdate(priority=1))
    begun = TaskUpdate(progress_percentage=40, status="unassigned", priority=5)
    await backlog.update_task("P1-TASK005", begun)
    listed = await backlog.list_candidates("P1", DAY, class_borders=(25,))
    assert [task.title for task in listed] == ["10", "30", "20", "40", "50"]
    assert [task.carried_over for task in listed] == [True, False, False, False, False]
    assert [task.waits_for for task in listed] == [[], [], [], [], ["P1-TASK002"]]
    assert [task.ready for task in listed] == [True, True, True, True, False]


async def test_only_unfinished_dependencies_are_waited_for(backlog: BacklogClient) -> None:
    await create(backlog, 50, 40, 30)
    needs = TaskUpdate(depends_on=["P1-TASK002", "P1-TASK003"])
    await backlog.update_task("P1-TASK001", needs)
    await backlog.update_task("P1-TASK002", TaskUpdate(status="completed"))
    listed = {task.title: task.waits_for for task in await backlog.list_candidates("P1", DAY)}
    assert listed == {"30": [], "50": ["P1-TASK003"]}


async def test_only_free_tasks_are_candidates(backlog: BacklogClient) -> None:
    await create(backlog, 50, 40, 30, 20)
    await backlog.reserve("P1", ReservationCreate(sprint_id="P1-S01", task_ids=["P1-TASK001"]))
    await backlog.update_task("P1-TASK002", TaskUpdate(status="blocked"))
    await backlog.update_task("P1-TASK003", TaskUpdate(status="completed"))
    assert await titles(backlog) == ["20"]


async def test_named_tasks_keep_the_order_of_all(backlog: BacklogClient) -> None:
    await create(backlog, 10, 20, 30)
    named = ["P1-TASK001", "P1-TASK003", "P1-TASK999"]
    assert await titles(backlog, task_ids=named) == ["30", "10"]
    assert await titles(backlog, task_ids=[]) == []


async def test_candidate_has_all_that_a_decision_reads(backlog: BacklogClient) -> None:
    await create(backlog, 30, external_key="K-1", estimate=2.5, priority=2)
    await backlog.create_tasks("P1", TaskCreate(title="no day"))
    first, second = await backlog.list_candidates("P1", DAY)
    assert (first.task_id, first.external_key, first.rank) == ("P1-TASK001", "K-1", None)
    assert (first.priority, first.estimate) == (2, 2.5)
    assert (first.created_on, first.age_days) == (DAY - timedelta(days=30), 30)
    stored = (await backlog.get_task("P1-TASK002")).created_at.date()
    assert (second.created_on, second.age_days) == (stored, max(0, (DAY - stored).days))


async def test_impossible_queries_are_refused_in_words(
    backlog_url: str, http: httpx.AsyncClient
) -> None:
    wrong = {
        "class_borders=3,x": "rising ages",
        "class_borders=14,3": "rising ages",
        "class_borders=-3": "rising ages",
        "class_borders=999999": "rising ages",
        "class_borders=" + ",".join(map(str, range(21))): "rising ages",
        "task_ids=P1-TASK001,nothing": "nothing: no id of a task",
        "task_ids=" + ",".join(["P1-TASK001"] * 501): "at most 500",
        "limit=1001": "1000",
        "limit=0": "1",
    }
    for query, words in wrong.items():
        path = f"{backlog_url}/backlogs/P1/candidates?day=2026-03-02&{query}"
        answer = await http.get(path)
        assert answer.status_code == 422, query
        assert words in answer.text, (query, answer.text)
