"""Runs of a real system that are taken back."""

from typing import Any

import httpx
import pytest

from agent.runs import resumption
from tests.agent.conftest import give_history
from tests.graphs.conftest import System
from tests.graphs.waiting import ALL, JSON, answer, get, schedules, sprints

P = "UNDO"


async def start_with_history(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start services whose recovery looks often, with a project that has a history."""
    monkeypatch.setattr(resumption, "RECOVERY_SECONDS", 0.1)
    await system.start(*ALL, "daily_scrum")
    await give_history(system, P, [4, 5, 6])
    await system.make_project(P, 6)


async def world(system: System) -> JSON:
    """Read all that an undone run must leave as it was."""
    velocity = await get(system, "chronicle", f"/v1/analytics/project/{P}/velocity")
    backlog = await get(system, "backlog", f"/backlogs/{P}")
    free = sorted(
        (task["task_id"], task["status"], task["sprint_id"], task["assigned_to"])
        for task in backlog
    )
    return {
        "velocity": velocity,
        "free": free,
        "sprints": await sprints(system, P),
        "schedules": await schedules(system, P),
    }


async def ask(system: System, run: JSON, **body: Any) -> httpx.Response:
    """Ask to undo a run."""
    return await system.post("orchestrator", f"{run['run_url']}/undo", body)


async def undone(system: System, run: JSON) -> JSON:
    """Ask to undo a run and approve it; return the answer."""
    request = await ask(system, run, reason="the wrong week")
    assert request.status_code == 202, request.text
    response = await answer(system, request.json())
    assert response.status_code == 200, response.text
    return response.json()


async def report(system: System, run: JSON) -> None:
    """Report work on the first task of a run's sprint."""
    [task, *_] = run["created"]["tasks"]
    body = {"status": "in_progress", "progress_percentage": 10}
    response = await system.post("sprint", f"/tasks/{task['task_id']}/progress", body)
    assert response.status_code in (200, 202), response.text
