"""Stories of the load: what one client does with a project of its own, from start to end.

A story raises `Failed` at the first request without its answer, and ends there.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from tests.replicas.callers import Caller
from tests.replicas.ledger import Ledger

Story = Callable[[Caller, Ledger, str], Awaitable[None]]

# Every project is held at a Monday, so that the load is the same on each day of the week.
MONDAY = date(2025, 3, 3)
SPRINT_DAYS = 14


async def planned_with_keys(caller: Caller, ledger: Ledger, project: str) -> None:
    """Let runs with keys create and close a sprint, and ask for each answer a second time."""
    await _planned(caller, ledger, project, keyed=True)


async def planned_without_keys(caller: Caller, ledger: Ledger, project: str) -> None:
    """Let runs without keys create and close a sprint."""
    await _planned(caller, ledger, project, keyed=False)


async def reported(caller: Caller, ledger: Ledger, project: str) -> None:
    """Create a sprint, report on its tasks and close it, without the orchestrator."""
    await create_project(caller, project)
    await create_tasks(caller, ledger, project, 3)
    created = await caller.call("sprint", "POST", f"/sprints/{project}", {}, expected=201)
    sprint = created["sprint_id"]
    ledger.sprints.add(sprint)
    for percentage in (30, 60, 100):
        for task in await caller.call("sprint", "GET", f"/sprints/{sprint}/tasks"):
            await _report(caller, ledger, task["task_id"], percentage)
    await caller.call("sprint", "POST", f"/sprints/{sprint}/close")
    ledger.closed.add(sprint)


async def updated(caller: Caller, ledger: Ledger, project: str) -> None:
    """Change tasks of the backlog, and read each change back."""
    await create_project(caller, project)
    for task in await create_tasks(caller, ledger, project, 3):
        for _ in range(4):
            text = str(uuid4())
            await caller.call("backlog", "PUT", f"/tasks/{task}", {"description": text})
            ledger.descriptions[task] = text
            stored = await caller.call("backlog", "GET", f"/tasks/{task}")
            _expect(caller, stored["description"] == text, f"{task} lost its description {text}")


async def scrums(caller: Caller, ledger: Ledger, project: str) -> None:
    """Hold each day's scrum of a sprint twice at once: both get the same report."""
    await create_project(caller, project, mode="simulated")
    await create_tasks(caller, ledger, project, 4)
    created = await caller.call("sprint", "POST", f"/sprints/{project}", {}, expected=201)
    sprint = created["sprint_id"]
    ledger.sprints.add(sprint)
    await caller.call("daily_scrum", "POST", f"/scrums/{sprint}/run")
    rival = caller.sibling()
    try:
        for number in range(SPRINT_DAYS):
            day = str(MONDAY + timedelta(days=number))
            body = {"scheduled_for": day}
            path = f"/sprints/{sprint}/run-daily-scrum"
            both = [one.call("sprint", "POST", path, body) for one in (caller, rival)]
            first, second = await asyncio.gather(*both)
            same = first["report_id"] == second["report_id"]
            _expect(caller, same, f"two reports of {sprint} on {day}")
            ledger.scrums[sprint, day] = first["report_id"]
    finally:
        rival.close()


async def read(caller: Caller, ledger: Ledger, project: str) -> None:
    """Read from every service."""
    await create_project(caller, project)
    await caller.call("project", "GET", f"/projects/{project}")
    await caller.call("project", "GET", "/projects")
    await caller.call("backlog", "GET", "/backlogs/summary")
    await caller.call("backlog", "GET", f"/backlogs/{project}/summary")
    await caller.call("sprint", "GET", f"/sprints/by-project/{project}")
    await caller.call("sprint", "GET", "/sprints/list_projects")
    await caller.call("chronicle", "GET", f"/v1/action_items?project_id={project}")
    await caller.call("embedding", "POST", "/embed", {"text": "Plan the next sprint"})
    await caller.call("orchestrator", "GET", f"/orchestrate/project/{project}/status")


async def pressed(caller: Caller, ledger: Ledger, project: str) -> None:
    """Read fast on the same connections: one that ends is always about to be used."""
    caller.pause_seconds = 0.01
    for _ in range(5):
        await caller.call("project", "GET", "/projects?limit=1")
        await caller.call("backlog", "GET", "/tasks/NONE-TASK001", expected=404)
        await caller.call("sprint", "GET", "/sprints/list_projects")
        await caller.call("chronicle", "GET", "/v1/action_items?limit=1")
        await caller.call("daily_scrum", "GET", "/health")
        await caller.call("orchestrator", "GET", "/runs/none", expected=400)


STORIES: tuple[Story, ...] = (
    planned_with_keys,
    planned_without_keys,
    planned_without_keys,
    reported,
    updated,
    scrums,
    read,
    pressed,
    pressed,
)


async def _planned(caller: Caller, ledger: Ledger, project: str, *, keyed: bool) -> None:
    await create_project(caller, project)
    await create_tasks(caller, ledger, project, 3)
    decided = await _orchestrate(caller, ledger, project, keyed)
    created = decided["created"]
    _expect(caller, created is not None, f"no sprint was created: {decided['decisions']}")
    ledger.sprints.add(created["sprint_id"])
    for task in created["tasks"]:
        await _report(caller, ledger, task["task_id"], 100)
    decided = await _orchestrate(caller, ledger, project, keyed)
    closed = decided["decisions"]["close_sprint"]
    _expect(caller, closed, f"the sprint was not closed: {decided['decisions']}")
    ledger.closed.add(created["sprint_id"])


async def _orchestrate(caller: Caller, ledger: Ledger, project: str, keyed: bool) -> Any:
    path = f"/orchestrate/project/{project}"
    key = str(uuid4()) if keyed else None
    answer = await caller.call("orchestrator", "POST", path, {}, key=key)
    ledger.runs.add(answer["run_id"])
    if key:
        again = await caller.call("orchestrator", "POST", path, {}, key=key)
        _expect(caller, again == answer, f"{path} answered twice, and differently")
    return answer


async def create_project(caller: Caller, project: str, mode: str = "reported") -> None:
    """Create a held project with a team of two."""
    body: Any = {"id": project, "name": project, "as_of": str(MONDAY), "progress_mode": mode}
    await caller.call("project", "POST", "/projects", body, expected=201)
    people = [f"{project}-A", f"{project}-B"]
    for person in people:
        body = {"id": person, "name": person}
        await caller.call("project", "POST", "/employees", body, expected=201)
    team = f"/projects/{project}/team-members-assign"
    await caller.call("project", "POST", team, {"employee_ids": people})


async def create_tasks(caller: Caller, ledger: Ledger, project: str, count: int) -> list[str]:
    """Create free tasks; return their ids."""
    titles = [str(uuid4()) for _ in range(count)]
    body = {"tasks": [{"title": title} for title in titles]}
    answer = await caller.call("backlog", "POST", f"/backlogs/{project}/tasks", body, expected=201)
    ledger.tasks.update(titles)
    return answer["task_ids"]


async def _report(caller: Caller, ledger: Ledger, task: str, percentage: int) -> None:
    text = str(uuid4())
    body = {"progress_percentage": percentage, "today_work": text}
    await caller.call("sprint", "POST", f"/tasks/{task}/progress", body)
    ledger.progress.add(text)


def _expect(caller: Caller, condition: bool, line: str) -> None:
    if not condition:
        caller.fail(line)
