"""Runs of a real system that wait for a person, and answers to them."""

from typing import Any

import httpx
from jsonschema import Draft202012Validator

from tests.graphs.conftest import System

ALL = ("project", "backlog", "chronicle", "sprint", "orchestrator")
JSON = dict[str, Any]


async def start_asking(system: System, **settings: Any) -> None:
    """Start all services; projects ask a person before they act."""
    await system.start(*ALL[:-1])
    await system.start("orchestrator", **({"autonomy": "approve"} | settings))


async def wait_for_person(system: System, project_id: str = "ASKS", tasks: int = 4) -> JSON:
    """Make a project and decide on it; return the answer of its waiting run."""
    await system.make_project(project_id, tasks)
    return await decide_again(system, project_id)


async def decide_again(system: System, project_id: str = "ASKS") -> JSON:
    """Decide on a project whose run waits."""
    answer = await system.orchestrate(project_id)
    assert answer.status_code == 202, answer.text
    return answer.json()


def approvals(run: JSON) -> list[JSON]:
    """Return an approval of each step."""
    calls = run["approval"]["action_requests"]
    return [{"step": call["step"], "type": "approve"} for call in calls]


def schema_faults(run: JSON) -> list[str]:
    """List the arguments of a waiting run that their own schemas refuse."""
    approval = run["approval"]
    return [
        error.message
        for call, config in zip(
            approval["action_requests"], approval["review_configs"], strict=True
        )
        for error in Draft202012Validator(config["args_schema"]).iter_errors(call["args"])
    ]


async def answer(
    system: System, run: JSON, decisions: list[JSON] | None = None, **body: Any
) -> httpx.Response:
    """Answer a waiting run: by default approve each step."""
    fingerprint = run["approval"]["fingerprint"]
    body = {"fingerprint": fingerprint, "decisions": decisions or approvals(run)} | body
    return await system.post("orchestrator", run["approval"]["decide_url"], body)


async def get(system: System, service: str, path: str) -> Any:
    """Read a path as JSON."""
    response = await system.http.get(system.urls[service] + path)
    assert response.status_code == 200, response.text
    return response.json()


async def details(system: System, run: JSON) -> JSON:
    """Read a run."""
    return await get(system, "orchestrator", run["run_url"])


async def sprints(system: System, project_id: str = "ASKS") -> list[JSON]:
    """List the sprints of a project."""
    return await get(system, "sprint", f"/sprints/by-project/{project_id}")


async def schedules(system: System, project_id: str = "ASKS") -> list[JSON]:
    """List the daily scrums of a project."""
    jobs = await get(system, "orchestrator", f"/orchestrate/project/{project_id}/schedules")
    return [job for job in jobs if job["kind"] == "daily_scrum"]
