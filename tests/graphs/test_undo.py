"""An undone run leaves sprints, tasks, schedules and velocity as they were before it."""

import asyncio
from typing import Any

import pytest

from agent.runs import plans
from tests.agent.conftest import until
from tests.graphs.conftest import System
from tests.graphs.test_failing_runs import change
from tests.graphs.undoing import P, ask, report, start_with_history, undone, world
from tests.graphs.waiting import answer, details, get, schedules, sprints
from tools.guard import Guard


@pytest.fixture
async def started(system: System, monkeypatch: pytest.MonkeyPatch) -> System:
    await start_with_history(system, monkeypatch)
    return system


async def test_undo_brings_everything_back_as_it_was(started: System) -> None:
    before = await world(started)
    run = (await started.orchestrate(P)).json()
    assert len((await world(started))["schedules"]) == 1

    request = (await ask(started, run, reason="the wrong week")).json()
    assert (request["kind"], request["status"], request["undoes"]) == (
        "undo",
        "waiting",
        run["run_id"],
    )
    names = [call["name"] for call in request["actions_planned"]]
    assert (names, request["stays"]) == (["delete_cronjob", "cancel_sprint"], [])
    # Asking changes nothing.
    assert len(await sprints(started, P)) == len(before["sprints"]) + 1

    response = await answer(started, request)
    assert response.status_code == 200, response.text
    assert response.json()["status"] == "done"

    async def is_as_before() -> bool:
        return await world(started) == before

    await until(is_as_before)
    original, undo = await details(started, run), await details(started, request)
    assert (original["status"], original["undone_by"]) == ("undone", request["run_id"])
    assert (undo["status"], undo["undoes"], undo["reviewed_by"]) == ("done", run["run_id"], "admin")


async def test_undone_run_is_no_outcome_and_all_deeds_verify(started: System) -> None:
    run = (await started.orchestrate(P)).json()
    await undone(started, run)

    async def is_cancelled() -> bool:
        impact = await get(
            started, "orchestrator", f"/orchestrate/intelligence/decision-impact/{P}"
        )
        return impact["cancelled_decisions"] == 1

    await until(is_cancelled)
    [episode] = await change(
        started, "SELECT recallable, completed_tasks, cancelled_at FROM episodes"
    )
    assert episode[:2] == (False, None)
    assert episode[2] is not None
    assert await change(started, "SELECT count(*) FROM sprint_outcomes") == [(0,)]

    async def all_recorded() -> bool:
        path = f"/orchestrate/audits/verification?project_id={P}"
        verification = await get(started, "orchestrator", path)
        [project] = verification["projects"]
        return verification["verified"] and project["compared"] == 4

    await until(all_recorded)
    trail = await get(started, "orchestrator", f"/orchestrate/intelligence/decision-audit/{P}")
    deeds = [audit["decision"] for audit in trail["audits"] if audit["effect"] == "deed"]
    assert [deed["deed"] for deed in deeds] == ["asked", "approved", "undone"]
    assert deeds[0]["undoes"] == run["run_id"]
    assert deeds[0]["reason"] == "the wrong week"
    assert deeds[2]["undone_by"]


async def test_team_can_be_planned_for_again_after_an_undo(started: System) -> None:
    free = (await world(started))["free"]
    first = (await started.orchestrate(P)).json()
    await undone(started, first)

    # The sprint's tasks are told one by one that they are free: a decision sees those that are.
    async def all_are_free() -> bool:
        return (await world(started))["free"] == free

    await until(all_are_free)
    again = (await started.orchestrate(P)).json()
    assert again["created"]["sprint_id"] != first["created"]["sprint_id"]
    assert len(again["created"]["tasks"]) == len(first["created"]["tasks"])


async def test_run_is_undone_once(started: System) -> None:
    run = (await started.orchestrate(P)).json()
    responses = await asyncio.gather(*(ask(started, run) for _ in range(3)))
    assert sorted(response.status_code for response in responses) == [202, 409, 409]
    waiting = next(response.json() for response in responses if response.status_code == 202)
    refused = next(response.json() for response in responses if response.status_code == 409)
    assert (refused["code"], refused["undo_run_id"]) == ("undo_waits", waiting["run_id"])
    assert (await answer(started, waiting)).status_code == 200
    again = await ask(started, run)
    assert (again.status_code, again.json()["code"]) == (409, "already_undone")
    undo = await ask(started, waiting)
    assert (undo.status_code, undo.json()["code"]) == (409, "cannot_undo")
    assert "took another one back" in undo.json()["detail"]


async def test_rejected_undo_leaves_the_run_and_may_be_asked_for_again(started: System) -> None:
    run = (await started.orchestrate(P)).json()
    request = (await ask(started, run)).json()
    steps = [{"step": step, "type": "reject", "reason": "keep it"} for step in (0, 1)]
    rejected = await answer(started, request, steps)
    assert (rejected.status_code, rejected.json()["status"]) == (200, "rejected")
    assert rejected.json()["approval"] is None
    assert (await details(started, run))["status"] == "done"
    assert len(await schedules(started, P)) == 1
    assert (await ask(started, run)).status_code == 202


async def test_sprint_with_reported_work_is_not_undone(started: System) -> None:
    run = (await started.orchestrate(P)).json()
    await report(started, run)
    refused = await ask(started, run)
    assert (refused.status_code, refused.json()["code"]) == (409, "cannot_undo")
    assert "work was reported" in refused.json()["detail"]
    assert len(await schedules(started, P)) == 1


async def test_work_that_is_reported_before_the_approval_refuses_it(started: System) -> None:
    run = (await started.orchestrate(P)).json()
    request = (await ask(started, run)).json()
    await report(started, run)
    stale = await answer(started, request)
    assert (stale.status_code, stale.json()["code"]) == (409, "plan_changed")
    assert "work was reported" in stale.json()["detail"]
    assert len(await schedules(started, P)) == 1
    assert (await details(started, run))["status"] == "done"


async def test_closing_run_says_that_it_cannot_be_undone(started: System) -> None:
    run = (await started.orchestrate(P)).json()
    for task in run["created"]["tasks"]:
        body = {"status": "completed", "progress_percentage": 100}
        await started.post("sprint", f"/tasks/{task['task_id']}/progress", body)
    closed = (await started.orchestrate(P)).json()
    assert closed["actions_taken"][0].startswith("Closed sprint")
    refused = await ask(started, closed)
    assert (refused.status_code, refused.json()["code"]) == (409, "cannot_undo")
    first, *_ = refused.json()["stays"]
    assert first.startswith("Close sprint")
    assert "cannot be taken back" in first


async def test_only_what_a_run_made_is_taken_back(started: System) -> None:
    first = (await started.orchestrate(P)).json()
    changed = (await started.orchestrate(P, options={"schedule": "0 9 * * 1-5"})).json()
    request = (await ask(started, changed)).json()
    assert [call["name"] for call in request["actions_planned"]] == ["change_cronjob"]
    assert (await answer(started, request)).status_code == 200
    [job] = await schedules(started, P)
    assert job["schedule"] == "0 14 * * 1-5"
    assert (await details(started, first))["status"] == "done"


async def test_process_killed_while_undoing_undoes_once(
    started: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = (await started.orchestrate(P)).json()
    request = (await ask(started, run)).json()
    call, calls = Guard.call, 0

    async def killed_in_the_second(self: Guard, *arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        result = await call(self, *arguments)
        if calls == 2:
            # Made, and nobody stores it: as a process that is killed.
            raise asyncio.CancelledError
        return result

    monkeypatch.setattr(Guard, "call", killed_in_the_second)
    monkeypatch.setattr(plans, "giving_back", lambda *_: _LeftAlone())
    with pytest.raises(Exception):  # noqa: B017 - a cut connection, or 500
        (await answer(started, request)).raise_for_status()
    monkeypatch.setattr(Guard, "call", call)
    await change(started, "UPDATE runs SET lease_until = now() WHERE status = 'decided'")

    async def is_done() -> bool:
        return (await details(started, request))["status"] == "done"

    await until(is_done)
    assert (await details(started, run))["status"] == "undone"
    cancelled = await get(started, "sprint", f"/sprints/{run['created']['sprint_id']}")
    assert cancelled["status"] == "cancelled"
    deeds = await change(
        started, "SELECT count(*) FROM deliveries WHERE body #>> '{decision,deed}' = 'undone'"
    )
    assert deeds == [(1,)]


class _LeftAlone:
    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...
