"""A daily scrum that a person rejects is not proposed again for its sprint."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from agent.runs import resumption
from memory.decision import PlannedCall
from tests.agent.conftest import until
from tests.graphs.conftest import System
from tests.graphs.test_failing_runs import change
from tests.graphs.waiting import (
    JSON,
    answer,
    approvals,
    decide_again,
    details,
    schedules,
    sprints,
    start_asking,
    wait_for_person,
)
from tools.guard import Guard

NOTES = "SELECT sprint_id, deleted_by, rejected FROM deleted_schedules"
SCRUM = {"kind": "daily_scrum", "schedule": "0 9 * * 1-5"}


def without(run: JSON, step: int) -> list[JSON]:
    """Return the answer to a plan that rejects one step and approves the others."""
    decisions = approvals(run)
    decisions[step] = {"step": step, "type": "reject", "reason": "we meet by ourselves"}
    return decisions


async def wait_for_schedule(system: System) -> JSON:
    """Return a waiting run that only schedules the daily scrum of a sprint in progress."""
    await start_asking(system)
    await system.make_project("ASKS", 4)
    run = (await system.orchestrate("ASKS", options={"create_cronjob": False})).json()
    assert (await answer(system, run)).status_code == 200
    run = await decide_again(system)
    assert planned(run) == ["create_cronjob"]
    return run


def planned(run: JSON) -> list[str]:
    return [call["name"] for call in run["actions_planned"]]


async def reject(system: System, run: JSON, step: int = 0) -> JSON:
    response = await answer(system, run, without(run, step))
    assert response.status_code == 200, response.text
    return response.json()


async def reason(system: System) -> str:
    """Decide on the project, which plans nothing; return the reason."""
    response = await system.orchestrate("ASKS")
    decision = response.json()
    assert (response.status_code, planned(decision)) == (200, []), response.text
    return decision["decisions"]["reasoning"]


async def test_rejected_schedule_is_not_proposed_again_until_somebody_adds_one(
    system: System,
) -> None:
    run = await wait_for_schedule(system)
    assert (await reject(system, run))["status"] == "rejected"
    words = await reason(system)
    today = datetime.now(UTC).date().isoformat()
    assert f"because admin rejected it on {today}. It stays so until" in words
    assert "dsm schedule add ASKS --daily-scrum" in words

    path = "/orchestrate/project/ASKS/schedules"
    assert (await system.post("orchestrator", path, SCRUM)).status_code == 201
    assert "rejected" not in await reason(system)
    [job] = await schedules(system)
    assert (
        await system.http.delete(f"{system.urls['orchestrator']}{path}/{job['name']}")
    ).is_success
    assert "because admin deleted it on" in await reason(system)


async def test_rejected_schedule_of_a_sprint_in_the_same_plan_is_not_proposed_again(
    system: System,
) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    await reject(system, run, step=1)
    [sprint] = await sprints(system)
    assert await change(system, NOTES) == [(sprint["sprint_id"], "admin", True)]
    assert "because admin rejected it on" in await reason(system)
    assert await schedules(system) == []


async def test_rejected_schedule_beside_an_approved_step_is_not_proposed_again(
    system: System,
) -> None:
    await wait_for_schedule(system)
    await change(
        system,
        "INSERT INTO cronjobs (name, project_id, sprint_id, schedule, timezone, ends_on)"
        " VALUES ('run-dailyscrum-old', 'ASKS', 'ASKS-OLD', '0 9 * * *', 'UTC', '2016-06-01')",
    )
    run = await decide_again(system)
    assert planned(run) == ["delete_cronjob", "create_cronjob"]
    assert (await reject(system, run, step=1))["status"] == "done"
    assert "because admin rejected it on" in await reason(system)
    assert await schedules(system) == []


async def test_rejection_is_remembered_when_the_process_dies_after_it_created_the_sprint(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resumption, "RECOVERY_SECONDS", 0.1)
    await start_asking(system, lease_seconds=1.1)
    run = await wait_for_person(system)
    works, created = Guard.call, asyncio.Event()

    async def die(self: Guard, step: int, planned: PlannedCall) -> Any:
        call = await works(self, step, planned)
        if not created.is_set():
            created.set()
            # As a process that is gone: no lease is given back, and nothing is written.
            await asyncio.sleep(3600)
        return call

    monkeypatch.setattr(Guard, "call", die)
    approving = asyncio.create_task(answer(system, run, without(run, 1)))
    await created.wait()
    assert await change(system, NOTES) == []
    await change(
        system,
        "UPDATE runs SET lease_until = now() - interval '1 s', token = token + 1"
        " WHERE status = 'decided'",
    )

    async def is_done() -> bool:
        return (await details(system, run))["status"] == "done"

    await until(is_done)
    approving.cancel()
    [sprint] = await sprints(system)
    assert await change(system, NOTES) == [(sprint["sprint_id"], "admin", True)]
    assert "because admin rejected it on" in await reason(system)


async def test_rejected_sprint_is_proposed_again_with_its_schedule(system: System) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    everything = [{"step": step, "type": "reject", "reason": "too early"} for step in (0, 1)]
    assert (await answer(system, run, everything)).json()["status"] == "rejected"
    again = await decide_again(system)
    assert planned(again) == ["create_sprint", "create_cronjob"]
    assert await change(system, NOTES) == []


async def test_rejection_comes_too_late_for_a_sprint_that_has_ended_or_got_a_schedule(
    system: System,
) -> None:
    run = await wait_for_schedule(system)
    path = "/orchestrate/project/ASKS/schedules"
    assert (await system.post("orchestrator", path, SCRUM)).status_code == 201
    await reject(system, run)
    assert await change(system, NOTES) == []

    await change(system, "DELETE FROM cronjobs")
    run = await decide_again(system)
    [sprint] = await sprints(system)
    closed = await system.post("sprint", f"/sprints/{sprint['sprint_id']}/close", {})
    assert closed.is_success, closed.text

    async def is_known() -> Any:
        return await change(system, "SELECT sprint_id FROM sprint_outcomes")

    await until(is_known)
    await reject(system, run)
    assert await change(system, NOTES) == []


async def test_rejected_request_of_somebody_leaves_the_next_decision_its_own_proposal(
    system: System,
) -> None:
    await wait_for_schedule(system)
    [sprint] = await sprints(system)
    arguments = {
        "project_id": "ASKS",
        "sprint_id": sprint["sprint_id"],
        "schedule": "0 23 * * *",
        "timezone": "UTC",
        "ends_on": sprint["end_date"],
    }
    body = {"project_id": "ASKS", "name": "create_cronjob", "arguments": arguments}
    request = (await system.post("orchestrator", "/runs/requests", body)).json()
    assert (await reject(system, request))["status"] == "rejected"
    assert await change(system, NOTES) == []
    assert planned(await decide_again(system)) == ["create_cronjob"]
