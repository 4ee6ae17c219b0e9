"""Undo leaves alone the things that somebody has changed since the run."""

from typing import Any

import pytest

from domain_services.kernel.client.http_client import PeerRefused
from domain_services.sprint.client import SprintClient
from tests.graphs.conftest import System
from tests.graphs.undoing import P, ask, start_with_history
from tests.graphs.waiting import (
    JSON,
    answer,
    decide_again,
    schedules,
    sprints,
    start_asking,
    wait_for_person,
)


@pytest.fixture
async def started(system: System, monkeypatch: pytest.MonkeyPatch) -> System:
    await start_with_history(system, monkeypatch)
    return system


async def make(system: System, name: str, **times: str) -> JSON:
    """Ask for a call on the schedule of the project, and approve it; return its run."""
    [job] = await schedules(system, P)
    arguments = {"project_id": P, "name": job["name"], **times}
    body = {"project_id": P, "name": name, "arguments": arguments}
    request = (await system.post("orchestrator", "/runs/requests", body)).json()
    assert (await answer(system, request)).json()["status"] == "done"
    return request


async def set_paused(system: System, *, paused: bool) -> None:
    """Pause or resume the schedule of the project by hand."""
    [job] = await schedules(system, P)
    path = f"/orchestrate/project/{P}/schedules/{job['name']}"
    url = system.urls["orchestrator"] + path
    response = await system.http.patch(url, json={"paused": paused})
    assert response.is_success, response.text


async def why_not(system: System, run: JSON) -> str:
    """Ask to undo a run of which nothing can be taken back; return the reason."""
    refused = await ask(system, run)
    assert (refused.status_code, refused.json()["code"]) == (409, "cannot_undo"), refused.text
    return refused.json()["detail"]


def refuse_sprints(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    """Let the sprint service refuse to show a sprint."""

    async def refuse(*_: Any) -> Any:
        raise PeerRefused("sprint", status, {"detail": "no sprint is shown"})

    monkeypatch.setattr(SprintClient, "get_sprint", refuse)


async def test_change_is_not_taken_back_over_the_times_that_somebody_gave_since(
    started: System,
) -> None:
    await started.orchestrate(P)
    changed = (await started.orchestrate(P, options={"schedule": "0 9 * * 1-5"})).json()
    [job] = await schedules(started, P)
    path = f"/orchestrate/project/{P}/schedules/{job['name']}"
    times = {"schedule": "30 7 * * 1-5"}
    response = await started.http.patch(started.urls["orchestrator"] + path, json=times)
    assert response.is_success, response.text
    refused = await ask(started, changed)
    assert (refused.status_code, refused.json()["code"]) == (409, "cannot_undo")
    assert "somebody has changed the schedule since" in refused.json()["detail"]
    assert "07:30" in refused.json()["detail"]


async def test_run_whose_sprint_was_closed_by_hand_cannot_be_undone(started: System) -> None:
    run = (await started.orchestrate(P)).json()
    sprint_id = run["created"]["sprint_id"]
    closed = await started.post("sprint", f"/sprints/{sprint_id}/close")
    assert closed.is_success, closed.text
    refused = await ask(started, run)
    assert (refused.status_code, refused.json()["code"]) == (409, "cannot_undo")
    assert f"sprint {sprint_id} is closed with pending tasks already" in refused.json()["detail"]


async def test_run_that_has_made_no_call_says_what_to_do_instead(system: System) -> None:
    await start_asking(system)
    older = await wait_for_person(system)
    waiting = await ask(system, older)
    assert (waiting.status_code, waiting.json()["code"]) == (409, "cannot_undo")
    assert waiting.json()["detail"].endswith("it has made no call; dsm reject refuses it")
    newer = await decide_again(system)
    superseded = await ask(system, older)
    assert superseded.json()["detail"].endswith("is superseded: it made no call")
    steps = [{"step": step, "type": "reject", "reason": "no"} for step in (0, 1)]
    assert (await answer(system, newer, steps)).json()["status"] == "rejected"
    rejected = await ask(system, newer)
    assert rejected.json()["detail"].endswith("is rejected: it made no call")


async def test_change_is_not_taken_back_over_the_time_zone_that_somebody_gave_since(
    started: System,
) -> None:
    await started.orchestrate(P)
    changed = (await started.orchestrate(P, options={"schedule": "0 9 * * 1-5"})).json()
    await make(started, "change_cronjob", schedule="0 9 * * 1-5", timezone="Asia/Tokyo")
    assert "somebody has changed the schedule since" in await why_not(started, changed)


async def test_pause_of_a_schedule_is_taken_back_unless_somebody_did_it(started: System) -> None:
    await started.orchestrate(P)
    suspended = await make(started, "suspend_cronjob")
    undo = await ask(started, suspended)
    assert [call["name"] for call in undo.json()["actions_planned"]] == ["resume_cronjob"]
    assert (await answer(started, undo.json())).json()["undone"]
    again = await make(started, "suspend_cronjob")
    await set_paused(started, paused=False)
    assert "the schedule runs again already" in await why_not(started, again)
    await set_paused(started, paused=True)
    resumed = await make(started, "resume_cronjob")
    await set_paused(started, paused=True)
    assert "the schedule is suspended again already" in await why_not(started, resumed)


async def test_deleted_schedule_of_a_sprint_that_has_ended_stays_deleted(
    started: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    await started.orchestrate(P)
    deleted = await make(started, "delete_cronjob")
    *_, sprint = await sprints(started, P)
    closed = await started.post("sprint", f"/sprints/{sprint['sprint_id']}/close")
    assert closed.is_success, closed.text
    assert "its sprint has ended" in await why_not(started, deleted)
    refuse_sprints(monkeypatch, 404)
    assert "its sprint has ended" in await why_not(started, deleted)


async def test_sprint_that_is_gone_cannot_be_cancelled_and_one_that_is_hidden_is_not_gone(
    started: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = (await started.orchestrate(P)).json()
    refuse_sprints(monkeypatch, 404)
    assert f"sprint {run['created']['sprint_id']} is gone" in await why_not(started, run)
    refuse_sprints(monkeypatch, 403)
    assert (await ask(started, run)).json()["code"] == "peer_refused"
