"""The orchestrator over real services."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import pytest

from tests.graphs.conftest import System
from tests.graphs.conftest import system as system


async def until(condition: Callable[[], Awaitable[Any]], seconds: float = 20) -> Any:
    """Wait for a truthy answer, and return it."""
    deadline = time.monotonic() + seconds
    while not (answer := await condition()):
        assert time.monotonic() < deadline, f"{condition.__name__} was not true in {seconds} s"
        await asyncio.sleep(0.03)
    return answer


async def get(system: System, path: str, service: str = "orchestrator") -> Any:
    """Read a path of a service, and return the parsed answer."""
    answer = await system.http.get(system.urls[service] + path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def give_history(
    system: System, project_id: str, completed: list[int], planned: int = 10
) -> None:
    """Record closed sprints of a fortnight each; the last one ended yesterday."""
    first = date.today() - timedelta(days=14 * len(completed))
    notes = [
        {
            "sprint_id": f"{project_id}-S{number:02d}",
            "project_id": project_id,
            "sprint_name": f"Sprint {number}",
            "start_date": (first + timedelta(days=14 * (number - 1))).isoformat(),
            "end_date": (first + timedelta(days=14 * number - 1)).isoformat(),
            "duration_weeks": 2,
            "planned_tasks_count": planned,
            "origin": "import",
            "tasks_summary": [
                {"task_id": f"OLD{number}-{n}", "description": "done", "status": "close"}
                for n in range(count)
            ],
        }
        for number, count in enumerate(completed, start=1)
    ]
    answer = await system.post("chronicle", "/v1/notes/sprint_retrospective/bulk", {"notes": notes})
    assert answer.status_code == 201, answer.text
    numbering = f"/sprints/by-project/{project_id}/numbering"
    url = system.urls["sprint"] + numbering
    assert (await system.http.put(url, json={"last_number": len(completed)})).status_code == 200


@pytest.fixture
async def whole(system: System) -> System:
    """Start every service but the embeddings, which a decision can do without."""
    await system.start("project", "backlog", "chronicle", "sprint", "orchestrator")
    return system
