"""A plan that waits is not carried out while its project only observes."""

from typing import Any

import pytest

from tests.graphs.conftest import System
from tests.graphs.waiting import (
    JSON,
    answer,
    approvals,
    details,
    schedules,
    schema_faults,
    sprints,
    start_asking,
    wait_for_person,
)


async def change_autonomy(system: System, level: str, project_id: str = "ASKS") -> None:
    path = f"/orchestrate/project/{project_id}/autonomy"
    response = await system.post("orchestrator", path, {"level": level})
    assert response.status_code == 200, response.text


async def refusal(system: System, run: JSON) -> JSON:
    response = await answer(system, run)
    assert response.status_code == 409, response.text
    return response.json()


async def test_approval_is_refused_in_words_and_is_taken_when_the_project_asks_again(
    system: System,
) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    await change_autonomy(system, "observe")
    refused = await refusal(system, run)
    assert (refused["code"], refused["run_id"]) == ("observed", run["run_id"])
    assert "dsm autonomy ASKS approve changes it" in refused["detail"]
    assert (await sprints(system), await schedules(system)) == ([], [])
    assert (await details(system, run))["status"] == "waiting"
    await change_autonomy(system, "approve")
    assert (await answer(system, run)).status_code == 200
    assert len(await sprints(system)) == 1


async def test_plan_of_a_project_that_observes_may_be_rejected(system: System) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    await change_autonomy(system, "observe")
    rejections = [step | {"type": "reject", "reason": "no"} for step in approvals(run)]
    assert (await answer(system, run, rejections)).json()["status"] == "rejected"


async def test_decision_mode_that_acts_on_nothing_is_named_in_the_refusal(system: System) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    path = "/orchestrate/project/ASKS/decision-mode"
    response = await system.post("orchestrator", path, {"mode": "shadow"})
    assert response.status_code == 200, response.text
    refused = await refusal(system, run)
    assert (refused["code"], "dsm mode ASKS --mode" in refused["detail"]) == ("observed", True)


async def test_undo_and_requested_call_are_refused_too(system: System) -> None:
    await start_asking(system, autonomy="act")
    await system.make_project("ASKS", 4)
    done = (await system.orchestrate("ASKS")).json()
    undo = (await system.post("orchestrator", f"/runs/{done['run_id']}/undo", {})).json()
    [job] = await schedules(system)
    request = {
        "project_id": "ASKS",
        "name": "suspend_cronjob",
        "arguments": {"project_id": "ASKS", "name": job["name"]},
    }
    request_run = (await system.post("orchestrator", "/runs/requests", request)).json()
    await change_autonomy(system, "observe")
    for run in (undo, request_run):
        assert schema_faults(run) == []
        assert (await details(system, run))["asked_by"] == "admin"
        assert (await refusal(system, run))["code"] == "observed"
    assert [sprint["status"] for sprint in await sprints(system)] == ["in_progress"]
    [job] = await schedules(system)
    assert job["paused"] is False


async def test_autonomy_that_changes_while_the_facts_are_read_holds(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    import agent.runs.decisions as decisions

    await start_asking(system)
    run = await wait_for_person(system)
    read_basis = decisions.read_basis

    async def read_and_change(*arguments: Any, **options: Any) -> Any:
        await change_autonomy(system, "observe")
        return await read_basis(*arguments, **options)

    monkeypatch.setattr(decisions, "read_basis", read_and_change)
    assert (await refusal(system, run))["code"] == "observed"
    assert (await details(system, run))["status"] == "waiting"
    assert await sprints(system) == []
