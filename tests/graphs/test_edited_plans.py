"""A person may change a plan within the limits of the rules, and the proposal stays beside it."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.graphs.conftest import System
from tests.graphs.waiting import (
    JSON,
    answer,
    approvals,
    details,
    get,
    schedules,
    sprints,
    start_asking,
    wait_for_person,
)


async def edit(system: System, run: JSON, step: int = 0, **arguments: Any) -> Any:
    decisions = approvals(run)
    decisions[step] = {"step": step, "type": "edit", "arguments": arguments}
    return await answer(system, run, decisions)


async def test_edited_tasks_weeks_and_schedule_are_carried_out(system: System) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    task_ids = run["approval"]["action_requests"][0]["args"]["task_ids"]
    decisions = [
        {
            "step": 0,
            "type": "edit",
            "edited_action": {
                "name": "create_sprint",
                "args": {"task_ids": task_ids[:2], "duration_weeks": 1},
            },
            "reason": "half of the team is away",
        },
        {"step": 1, "type": "edit", "arguments": {"schedule": "0 9 * * 1-5"}},
    ]
    response = await answer(system, run, decisions)
    assert response.status_code == 200, response.text
    done = response.json()
    assert done["decisions"]["tasks_to_assign"] == 2
    assert [task["task_id"] for task in done["created"]["tasks"]] == task_ids[:2]
    [sprint], [job] = await sprints(system), await schedules(system)
    assert (sprint["total_tasks"], sprint["duration_weeks"]) == (2, 1)
    assert job["schedule"] == "0 9 * * 1-5"
    stored = await details(system, run)
    assert (stored["proposal"]["tasks"], stored["decision"]["tasks"]) == (4, 2)
    assert stored["decision"]["adjustments"] == stored["proposal"]["adjustments"]
    assert [task["task_id"] for task in stored["decision"]["selection"]["tasks"]] == task_ids[:2]
    assert "admin changed the plan" in done["decisions"]["reasoning"]


async def test_task_that_was_not_proposed_may_be_planned_when_it_is_free(system: System) -> None:
    await start_asking(system)
    run = await wait_for_person(system, tasks=3)
    new = await system.post("backlog", "/backlogs/ASKS/tasks", {"tasks": [{"title": "Late"}]})
    task_id = new.json()["task_ids"][0]
    response = await edit(system, run, task_ids=[task_id])
    assert response.status_code == 200, response.text
    selected = response.json()["selection"]["tasks"]
    assert [(task["task_id"], task["reason"]) for task in selected] == [
        (task_id, "chosen by admin")
    ]


async def test_task_that_is_planned_and_free_no_more_is_no_fault_of_an_edit(
    system: System,
) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    task_id = run["approval"]["action_requests"][0]["args"]["task_ids"][1]
    url = f"{system.urls['backlog']}/tasks/{task_id}"
    completed = await system.http.put(url, json={"status": "completed"})
    assert completed.is_success, completed.text
    refused = await edit(system, run, duration_weeks=1)
    assert (refused.status_code, refused.json()["code"]) == (409, "plan_changed")
    [difference] = refused.json()["changes"]
    assert difference["what"].startswith(f"task {task_id}")


async def test_edit_outside_the_limits_is_refused_and_the_run_waits(system: System) -> None:
    await start_asking(system)
    await system.make_project("ASKS", 4)
    run = (await system.orchestrate("ASKS", options={"max_tasks_per_sprint": 2})).json()
    backlog = await get(system, "backlog", "/backlogs/ASKS")
    all_tasks = [task["task_id"] for task in backlog]
    yesterday = (date.fromisoformat(run["as_of"]) - timedelta(days=1)).isoformat()
    later = (date.fromisoformat(run["as_of"]) + timedelta(days=57)).isoformat()
    refused: list[tuple[int, JSON, str]] = [
        (0, {"task_ids": all_tasks[:3]}, "the limit of the request"),
        (0, {"task_ids": []}, "task_ids"),
        (0, {"task_ids": [all_tasks[0], all_tasks[0]]}, "task"),
        (0, {"task_ids": ["OTHER-TASK001"]}, "no free task of the project"),
        (0, {"duration_weeks": 9}, "duration_weeks"),
        (0, {"duration_weeks": 10**400}, "duration_weeks"),
        (0, {"duration_weeks": "two"}, "duration_weeks"),
        (0, {"duration_weeks": "2"}, "duration_weeks"),
        (0, {"duration_weeks": True}, "duration_weeks"),
        (0, {"duration_weeks": 2, "team\0": 1}, "cannot be stored"),
        (0, {"start_date": yesterday}, "never begins before today"),
        (0, {"start_date": "9999-12-31"}, "start_date"),
        (0, {"start_date": later}, "a sprint begins within 8 weeks"),
        (0, {"start_date": 86400}, "start_date"),
        (0, {"project_id": "OTHER"}, "cannot be changed"),
        (0, {"wekks": 1}, "cannot be changed"),
        (1, {"schedule": "every day"}, "step 1: schedule 'every day' is not a cron"),
        (1, {"schedule": "0 9 30 2 *"}, "never run"),
        (1, {"timezone": "Mars/Base"}, "cannot be changed"),
    ]
    for step, arguments, words in refused:
        response = await edit(system, run, step, **arguments)
        assert (response.status_code, words in response.text) == (400, True), response.text
    rejected = [step | {"type": "reject", "reason": "too\0 much"} for step in approvals(run)]
    response = await answer(system, run, rejected)
    assert (response.status_code, "cannot be stored" in response.text) == (400, True)
    wrong = approvals(run)
    wrong[0] |= {"type": "edit", "edited_action": {"name": "close_sprint", "args": {}}}
    response = await answer(system, run, wrong)
    assert (response.status_code, "calls create_sprint" in response.text) == (400, True)
    assert (await details(system, run))["status"] == "waiting"
    assert await sprints(system) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"task_ids": ["none"] * 10_000}, "and 9995 more"),
        ({"task_ids": [f"ASKS-TASK{number:05d}" for number in range(1000)]}, "more than 500"),
        ({"task_ids": [f"ASKS-TASK{number:05d}" for number in range(99)]}, "and 89 more"),
        ({f"name{number}": 1 for number in range(10_000)}, "and 9990 more"),
        ({"n" * 100_000: 1}, "cannot be changed"),
    ],
)
async def test_huge_edit_is_refused_in_few_words(
    system: System, arguments: JSON, words: str
) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    response = await edit(system, run, **arguments)
    assert (response.status_code, words in response.text) == (400, True), response.text[:1000]
    assert len(response.content) < 2000
    assert (await details(system, run))["status"] == "waiting"


async def test_answer_in_the_form_of_langchain_is_taken(system: System) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    # Its clients send all arguments back, and give a rejection's reason as `message`.
    creation = run["approval"]["action_requests"][0]
    action = {"name": creation["name"], "args": creation["args"] | {"duration_weeks": 3}}
    decisions: list[JSON] = [
        {"step": 0, "type": "edit", "edited_action": action},
        {"step": 1, "type": "reject", "message": "we meet by ourselves"},
    ]
    response = await answer(system, run, decisions)
    assert response.status_code == 200, response.text
    [sprint] = await sprints(system)
    assert (sprint["duration_weeks"], await schedules(system)) == (3, [])
    stored = await details(system, run)
    assert stored["review"]["decisions"][1]["reason"] == "we meet by ourselves"
    # The tasks are those of the proposal, with the reasons and chances that the person read.
    assert stored["decision"]["selection"] == stored["proposal"]["selection"]
