"""A run that is taken back in part stays done, says what stays, and is undone for the rest."""

from typing import Any

import pytest

from domain_services.kernel.errors import Conflict
from memory.run_recovery import MAX_TRIES
from tests.agent.conftest import until
from tests.graphs.conftest import System
from tests.graphs.test_failing_runs import change
from tests.graphs.undoing import P, ask, report, start_with_history, undone
from tests.graphs.waiting import JSON, answer, details, get, schedules, sprints
from tools.guard import Guard


@pytest.fixture
async def started(system: System, monkeypatch: pytest.MonkeyPatch) -> System:
    await start_with_history(system, monkeypatch)
    return system


def without(step: int) -> list[JSON]:
    """Return the answer to a plan of two steps that rejects one."""
    answers: list[JSON] = [{"step": number, "type": "approve"} for number in (0, 1)]
    answers[step] = {"step": step, "type": "reject", "reason": "it shall go on"}
    return answers


async def deeds(system: System) -> list[str]:
    rows = await change(
        system,
        "SELECT body #>> '{decision,deed}' FROM deliveries"
        " WHERE body #>> '{decision,deed}' LIKE 'undone%%' ORDER BY created_at",
    )
    return [deed for (deed,) in rows]


async def test_rejected_step_stays_and_the_rest_can_be_undone_later(started: System) -> None:
    run = (await started.orchestrate(P)).json()
    request = (await ask(started, run)).json()
    part = (await answer(started, request, without(1))).json()
    assert (part["status"], part["undone"]) == ("done", False)
    [stays] = part["stays"]
    assert stays.startswith("Cancel sprint")
    assert stays.endswith("not approved")
    original = await details(started, run)
    assert (original["status"], original["undone_by"]) == ("done", request["run_id"])
    assert (await sprints(started, P))[0]["status"] == "in_progress"
    # A person took the schedule away: no decision makes it again.
    await started.orchestrate(P)
    assert await schedules(started, P) == []

    rest = (await ask(started, run)).json()
    assert [call["name"] for call in rest["actions_planned"]] == ["cancel_sprint"]
    assert any("gone already" in words for words in rest["stays"])
    whole = (await answer(started, rest)).json()
    assert (whole["status"], whole["undone"]) == ("done", True)
    original = await details(started, run)
    assert (original["status"], original["undone_by"]) == ("undone", rest["run_id"])
    again = await ask(started, run)
    assert (again.status_code, again.json()["code"]) == (409, "already_undone")
    assert again.json()["undone_by"] == rest["run_id"]
    assert await deeds(started) == ["undone_in_part", "undone"]


async def test_schedule_goes_with_its_sprint(started: System) -> None:
    run = (await started.orchestrate(P)).json()
    request = (await ask(started, run)).json()
    whole = (await answer(started, request, without(0))).json()
    assert (whole["status"], whole["undone"], whole["stays"]) == ("done", True, [])
    assert (await details(started, run))["status"] == "undone"

    async def is_gone() -> bool:
        return await schedules(started, P) == []

    await until(is_gone)


async def refuse_once(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let the service refuse the first call of a tool."""
    call, refused = Guard.call, False

    async def refusing(self: Guard, step: int, planned: Any) -> Any:
        nonlocal refused
        if planned.name == name and not refused:
            refused = True
            raise Conflict("somebody holds it; ask again later")
        return await call(self, step, planned)

    monkeypatch.setattr(Guard, "call", refusing)


async def test_refused_step_stays_and_the_rest_can_be_undone_later(
    started: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = (await started.orchestrate(P)).json()
    request = (await ask(started, run)).json()
    await refuse_once(monkeypatch, "cancel_sprint")
    part = (await answer(started, request)).json()
    assert (part["status"], part["undone"]) == ("failed", False)
    deletion, refusal = part["actions_taken"]
    assert deletion.startswith("Deleted CronJob")
    assert part["stays"] == [refusal]
    original = await details(started, run)
    assert (original["status"], original["undone_by"]) == ("done", request["run_id"])
    assert (await undone(started, run))["undone"]
    assert (await details(started, run))["status"] == "undone"
    assert await deeds(started) == ["undone_in_part", "undone"]


async def test_undo_whose_first_step_is_refused_has_taken_nothing_back(
    started: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = (await started.orchestrate(P)).json()
    request = (await ask(started, run)).json()
    await refuse_once(monkeypatch, "delete_cronjob")
    failed = (await answer(started, request)).json()
    refusal, untried = failed["stays"]
    assert refusal == failed["actions_taken"][0]
    assert untried.endswith("not tried after a step that was refused")
    original = await details(started, run)
    assert (original["status"], original["undone_by"]) == ("done", None)
    assert await deeds(started) == []


async def test_refused_deletion_leaves_no_note_that_a_person_deleted_the_schedule(
    started: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    await started.orchestrate(P)
    [job] = await schedules(started, P)
    arguments = {"project_id": P, "name": job["name"]}
    body = {"project_id": P, "name": "delete_cronjob", "arguments": arguments}
    request = (await started.post("orchestrator", "/runs/requests", body)).json()
    await refuse_once(monkeypatch, "delete_cronjob")
    assert (await answer(started, request)).json()["status"] == "failed"
    assert await change(started, "SELECT * FROM deleted_schedules") == []
    again = (await started.post("orchestrator", "/runs/requests", body)).json()
    assert (await answer(started, again)).json()["status"] == "done"
    notes = await change(started, "SELECT sprint_id, deleted_by FROM deleted_schedules")
    assert notes == [(job["sprint_id"], "admin")]


async def test_work_reported_in_the_middle_leaves_the_sprint_with_a_schedule(
    started: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = (await started.orchestrate(P)).json()
    request = (await ask(started, run)).json()
    call = Guard.call

    async def late_report(self: Guard, step: int, planned: Any) -> Any:
        if planned.name == "cancel_sprint":
            await report(started, run)
        return await call(self, step, planned)

    monkeypatch.setattr(Guard, "call", late_report)
    outcome = (await answer(started, request)).json()
    assert outcome["status"] == "failed"
    deleted, refused = outcome["actions_taken"]
    assert deleted.startswith("Deleted CronJob")
    assert "refused" in refused
    assert (await details(started, run))["status"] == "done"
    # The sprint goes on, and its next decision schedules its daily scrum again.
    monkeypatch.setattr(Guard, "call", call)
    await started.orchestrate(P)
    assert len(await schedules(started, P)) == 1
    refused_again = await ask(started, run)
    assert (refused_again.status_code, refused_again.json()["code"]) == (409, "cannot_undo")


async def test_run_that_failed_on_its_way_can_be_undone(
    started: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Guard.call

    async def failing(self: Guard, step: int, planned: Any) -> Any:
        if planned.name == "create_cronjob":
            raise KeyError("timezone")
        return await call(self, step, planned)

    monkeypatch.setattr(Guard, "call", failing)
    monkeypatch.setattr("memory.run_recovery.FIRST_PAUSE_SECONDS", 0.01)
    refused = (await started.orchestrate(P)).json()
    run = {"run_url": refused["run_url"]}

    async def has_failed() -> Any:
        shown = await details(started, run)
        return shown if shown["status"] == "failed" else None

    assert (await until(has_failed))["tries"] == MAX_TRIES
    monkeypatch.setattr(Guard, "call", call)
    whole = await undone(started, run)
    assert whole["actions_taken"][0].startswith("Cancelled sprint")
    assert (await details(started, run))["status"] == "undone"


async def schedule_url(system: System) -> str:
    [job] = await schedules(system, P)
    return f"{system.urls['orchestrator']}/orchestrate/project/{P}/schedules/{job['name']}"


async def test_schedule_that_was_deleted_by_hand_hinders_no_undo(started: System) -> None:
    run = (await started.orchestrate(P)).json()
    response = await started.http.delete(await schedule_url(started))
    assert response.is_success, response.text
    request = (await ask(started, run)).json()
    assert [call["name"] for call in request["actions_planned"]] == ["cancel_sprint"]
    assert "the schedule is gone already" in request["stays"][0]
    outcome = (await answer(started, request)).json()
    assert (outcome["undone"], outcome["stays"]) == (True, request["stays"])


async def test_undo_shows_the_times_that_somebody_gave_the_schedule(started: System) -> None:
    run = (await started.orchestrate(P)).json()
    body = {"schedule": "30 7 * * 1-5"}
    response = await started.http.patch(await schedule_url(started), json=body)
    assert response.is_success, response.text
    request = (await ask(started, run)).json()
    shown = [change["before"] for change in request["approval"]["changes"]]
    assert any("07:30" in words for words in shown), shown
    assert (await answer(started, request)).json()["undone"]


async def test_schedule_that_was_made_again_by_hand_is_left_alone(started: System) -> None:
    await started.orchestrate(P)
    [job] = await schedules(started, P)
    body = {"project_id": P, "name": "delete_cronjob"}
    arguments = {"project_id": P, "name": job["name"]}
    request = (
        await started.post("orchestrator", "/runs/requests", body | {"arguments": arguments})
    ).json()
    assert (await answer(started, request)).status_code == 200
    by_hand = {"kind": "daily_scrum", "schedule": "30 7 * * 1-5"}
    path = f"/orchestrate/project/{P}/schedules"
    response = await started.post("orchestrator", path, by_hand)
    assert response.is_success, response.text
    refused = await ask(started, request)
    assert (refused.status_code, refused.json()["code"]) == (409, "cannot_undo")
    assert "scheduled again already" in refused.json()["detail"]
    assert [job["schedule"] for job in await schedules(started, P)] == ["30 7 * * 1-5"]
    assert (await get(started, "orchestrator", request["run_url"]))["status"] == "done"
