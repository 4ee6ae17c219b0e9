"""A plan whose facts have changed, or whose time is over, is refused in words and does nothing."""

import asyncio
from typing import Any

import pytest

from agent.runs import proposing, resumption
from memory.decision import PlannedCall
from tests.agent.conftest import until
from tests.conftest import VIEWER_KEY
from tests.graphs.conftest import System
from tests.graphs.test_failing_runs import change
from tests.graphs.waiting import (
    JSON,
    answer,
    decide_again,
    details,
    schedules,
    sprints,
    start_asking,
    wait_for_person,
)
from tools.guard import Guard


async def refusal(system: System, run: JSON) -> Any:
    """Approve a run that is refused; return the refusal."""
    response = await answer(system, run)
    assert response.status_code == 409, response.text
    return response.json()


async def test_changed_task_is_named_and_nothing_is_done(system: System) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    task_id = run["approval"]["action_requests"][0]["args"]["task_ids"][1]
    url = f"{system.urls['backlog']}/tasks/{task_id}"
    changed = await system.http.put(url, json={"title": "Another"})
    assert changed.status_code == 200, changed.text
    refused = await refusal(system, run)
    assert refused["code"] == "plan_changed"
    [difference] = refused["changes"]
    assert difference["what"].startswith(f"task {task_id}")
    assert difference["now"].startswith("changed, version")
    assert "dsm orchestrate ASKS decides again" in refused["detail"]
    assert (await sprints(system), (await details(system, run))["status"]) == ([], "waiting")
    assert (await answer(system, await decide_again(system))).status_code == 200


async def test_sprint_that_began_meanwhile_is_named_and_nothing_is_done(system: System) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    begun = await system.post("sprint", "/sprints/ASKS", {"duration_weeks": 1})
    assert begun.status_code == 201, begun.text
    refused = await refusal(system, run)
    assert refused["code"] == "plan_changed"
    by_what = {item["what"]: item for item in refused["changes"]}
    assert by_what["sprint in progress"]["proposed"] == "none"
    assert by_what["sprint in progress"]["now"].startswith("ASKS-S01 until")
    assert len(await sprints(system)) == 1
    assert await schedules(system) == []


async def test_sprint_that_would_begin_in_the_past_is_not_created(system: System) -> None:
    await start_asking(system)
    project = {"id": "ASKS", "name": "ASKS", "progress_mode": "reported", "as_of": "2016-09-06"}
    assert (await system.post("project", "/projects", project)).status_code == 201
    await system.post("backlog", "/backlogs/ASKS/tasks", {"tasks": [{"title": "One"}]})
    run = await decide_again(system)
    moved = await system.post(
        "orchestrator", "/orchestrate/project/ASKS/clock", {"to": "2016-09-08"}
    )
    assert moved.status_code == 200, moved.text
    refused = await refusal(system, run)
    assert refused["changes"] == [
        {
            "what": "first day of the sprint",
            "proposed": "2016-09-06",
            "now": "2016-09-08 at the earliest",
        }
    ]
    assert await sprints(system) == []


async def test_expired_run_ends_by_itself_and_says_so(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposing, "EXPIRY_SECONDS", 0.1)
    await start_asking(system)
    run = await wait_for_person(system)
    await change(system, "UPDATE runs SET expires_at = now() - interval '1 s'")
    refused = await refusal(system, run)
    assert refused["code"] == "run_expired"
    assert "nobody answered it by" in refused["detail"]

    async def is_expired() -> bool:
        return (await details(system, run))["status"] == "expired"

    await until(is_expired)
    assert (await refusal(system, run))["code"] == "run_expired"
    assert (await details(system, run))["answer"]["status"] == "expired"
    assert await sprints(system) == []


async def test_run_waits_on_when_its_process_dies_and_recovery_leaves_it_alone(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resumption, "RECOVERY_SECONDS", 0.05)
    await start_asking(system, lease_seconds=1.1)
    run = await wait_for_person(system)
    await system.stop("orchestrator")
    await change(system, "UPDATE runs SET lease_until = now() - interval '1 hour'")
    await system.start("orchestrator", autonomy="approve", lease_seconds=1.1)
    await asyncio.sleep(1)  # twenty rounds of the recovery
    assert (await details(system, run))["status"] == "waiting"
    assert (await sprints(system), await schedules(system)) == ([], [])
    assert (await answer(system, run)).status_code == 200


async def test_run_whose_process_dies_between_approval_and_acting_is_recovered_once(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resumption, "RECOVERY_SECONDS", 0.1)
    await start_asking(system, lease_seconds=1.1)
    run = await wait_for_person(system)
    works, calls = Guard.call, 0

    async def die(self: Guard, step: int, planned: PlannedCall) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            # As a process that is gone: no lease is given back, and nothing is written.
            await asyncio.sleep(3600)
        return await works(self, step, planned)

    monkeypatch.setattr(Guard, "call", die)
    task_ids = run["approval"]["action_requests"][0]["args"]["task_ids"][:2]
    decisions = [
        {"step": 0, "type": "edit", "arguments": {"task_ids": task_ids}},
        {"step": 1, "type": "approve"},
    ]
    approving = asyncio.create_task(answer(system, run, decisions))

    async def has_acted() -> bool:
        return calls == 2

    await until(has_acted)
    await change(
        system,
        "UPDATE runs SET lease_until = now() - interval '1 s', token = token + 1"
        " WHERE status = 'decided'",
    )

    async def is_done() -> bool:
        return (await details(system, run))["status"] == "done"

    await until(is_done)
    approving.cancel()
    [sprint], [_] = await sprints(system), await schedules(system)
    assert sprint["total_tasks"] == 2
    assert (await refusal(system, run))["code"] == "already_answered"


async def test_approval_is_refused_during_a_pause_and_rejection_is_not(system: System) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    paused = await system.post("orchestrator", "/orchestrate/pause", {"reason": "a fair"})
    assert paused.status_code in (200, 201), paused.text
    refused = await refusal(system, run)
    assert (refused["code"], refused["paused_by"], refused["reason"]) == (
        "paused",
        "admin",
        "a fair",
    )
    assert await sprints(system) == []
    rejections = [{"step": step, "type": "reject", "reason": "later"} for step in (0, 1)]
    assert (await answer(system, run, rejections)).status_code == 200


async def test_approved_run_whose_state_is_gone_fails_in_words(system: System) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    await change(system, "DELETE FROM checkpoints")
    refused = await refusal(system, run)
    assert "and it failed: its stored state is gone" in refused["detail"]
    assert (await details(system, run))["status"] == "failed"
    assert await sprints(system) == []


async def test_audits_tell_the_deed_from_the_decision(system: System) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    assert (await answer(system, run)).status_code == 200

    async def audits() -> Any:
        url = f"{system.urls['chronicle']}/v1/notes/decision_audit?project_id=ASKS"
        noted = await system.http.get(url)  # 404 until the first one is delivered
        return noted.json() if noted.status_code == 200 and len(noted.json()) == 2 else None

    stored = await until(audits)
    deeds = [audit for audit in stored if audit["decision"].get("kind") == "deed"]
    assert [(deed["actor"], deed["decision"]["deed"]) for deed in deeds] == [("admin", "approved")]
    assert {audit["run_id"] for audit in stored} == {run["run_id"]}


async def test_key_that_only_reads_cannot_answer(system: System) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    url = system.urls["orchestrator"] + run["approval"]["decide_url"]
    headers = {"Authorization": f"Bearer {VIEWER_KEY}"}
    body = {"fingerprint": "f", "decisions": [{"step": 0, "type": "approve"}]}
    assert (await system.http.post(url, json=body, headers=headers)).status_code == 403
