"""A call that somebody asks for waits for a person, and is made once."""

from typing import Any

import httpx
import pytest

from memory.plan_runs import MOST_REQUESTS
from tests.conftest import VIEWER_KEY
from tests.graphs.conftest import System
from tests.graphs.waiting import ALL, JSON, answer, details, schedules, sprints

P = "REQ"
TIMES = {"schedule": "0 7 * * 1-5", "timezone": "UTC"}


@pytest.fixture
async def started(system: System) -> System:
    await system.start(*ALL)
    await system.make_project(P, 4)
    return system


async def ask(system: System, name: str, arguments: JSON, **body: Any) -> httpx.Response:
    request = {"project_id": P, "name": name, "arguments": arguments} | body
    return await system.post("orchestrator", "/runs/requests", request)


async def test_requested_call_is_made_when_a_person_approves_it(started: System) -> None:
    run = (await started.orchestrate(P)).json()
    [job] = await schedules(started, P)
    arguments = {"project_id": P, "name": job["name"]}
    response = await ask(
        started, "suspend_cronjob", arguments, reason="a fair", asked_by="chat of ada"
    )
    assert response.status_code == 202, response.text
    request = response.json()
    assert (request["kind"], request["status"]) == ("request", "waiting")
    assert request["approval"]["reason"] == "chat of ada (admin) asks for it: a fair"
    assert not (await schedules(started, P))[0]["paused"]
    done = (await answer(started, request)).json()
    assert (done["status"], done["actions_taken"]) == ("done", [f"Suspended CronJob {job['name']}"])
    assert (await schedules(started, P))[0]["paused"]
    stored = await details(started, request)
    assert stored["request"]["key"] == "admin"
    assert (await details(started, run))["status"] == "done"


async def test_requested_call_can_be_undone(started: System) -> None:
    await started.orchestrate(P)
    [job] = await schedules(started, P)
    arguments = {"project_id": P, "name": job["name"]}
    request = (await ask(started, "delete_cronjob", arguments)).json()
    assert (await answer(started, request)).status_code == 200
    assert await schedules(started, P) == []
    # A person wanted it away: no decision makes it again.
    await started.orchestrate(P)
    assert await schedules(started, P) == []
    undo = await started.post("orchestrator", f"{request['run_url']}/undo")
    assert undo.status_code == 202, undo.text
    assert (await answer(started, undo.json())).status_code == 200
    [again] = await schedules(started, P)
    assert (again["name"], again["schedule"]) == (job["name"], job["schedule"])


async def test_sprint_that_was_asked_for_is_created_once(started: System) -> None:
    backlog = await started.http.get(f"{started.urls['backlog']}/backlogs/{P}")
    first = backlog.json()[0]["task_id"]
    today = (await started.orchestrate(P, dry_run=True)).json()["as_of"]
    arguments = {
        "project_id": P,
        "duration_weeks": 1,
        "task_ids": [first],
        "start_date": today,
    }
    request = (await ask(started, "create_sprint", arguments)).json()
    done = (await answer(started, request)).json()
    [sprint] = await sprints(started, P)
    assert done["created"]["sprint_id"] == sprint["sprint_id"]
    refused = await answer(started, request)
    assert (refused.status_code, refused.json()["code"]) == (409, "already_answered")


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("drop_database", {}, "no tool that acts is named drop_database"),
        ("get_project", {"project_id": P}, "no tool that acts is named get_project"),
        ("close_sprint", {}, "sprint_id"),
        ("close_sprint", {"sprint_id": f"{P}-S01", "force": True}, "force"),
        ("close_sprint", {"sprint_id": "OTHER-S01"}, "ask for it in its own project"),
        ("close_sprint", {"sprint_id": 7}, "sprint_id"),
        (
            "create_cronjob",
            {"project_id": P, "sprint_id": "OTHER-S01", "ends_on": "2030-01-01", **TIMES},
            "create_cronjob is about OTHER",
        ),
    ],
)
async def test_wrong_request_is_refused_in_words(
    started: System, name: str, arguments: JSON, words: str
) -> None:
    refused = await ask(started, name, arguments)
    assert refused.status_code == 400, refused.text
    assert words in refused.json()["detail"]


async def test_schedule_of_another_project_is_not_asked_for(started: System) -> None:
    await started.make_project("OTHER", 2)
    await started.orchestrate("OTHER")
    [job] = await schedules(started, "OTHER")
    for name, times in {"delete_cronjob": {}, "change_cronjob": TIMES}.items():
        arguments = {"project_id": P, "name": job["name"], **times}
        refused = await ask(started, name, arguments)
        assert refused.status_code == 404, refused.text
        assert f"{P} has no schedule" in refused.json()["detail"]


async def test_undo_of_an_adopted_schedule_brings_its_times_back(started: System) -> None:
    await started.orchestrate(P)
    [job] = await schedules(started, P)
    arguments = {"project_id": P, "sprint_id": job["sprint_id"], "ends_on": job["ends_on"], **TIMES}
    request = (await ask(started, "create_cronjob", arguments)).json()
    words = request["approval"]["action_requests"][0]["undo"]
    assert words.startswith("changes the schedule back to")
    assert (await answer(started, request)).status_code == 200
    assert (await schedules(started, P))[0]["schedule"] == TIMES["schedule"]
    undo = await started.post("orchestrator", f"{request['run_url']}/undo")
    assert (await answer(started, undo.json())).status_code == 200
    [again] = await schedules(started, P)
    assert again["schedule"] == job["schedule"]


async def test_project_has_a_bounded_number_of_requests(started: System) -> None:
    await started.orchestrate(P)
    [job] = await schedules(started, P)
    arguments = {"project_id": P, "name": job["name"]}
    for _ in range(MOST_REQUESTS):
        assert (await ask(started, "suspend_cronjob", arguments)).status_code == 202
    refused = await ask(started, "suspend_cronjob", arguments)
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_requests_waiting")
    # They stand in nobody's way.
    assert (await started.orchestrate(P)).status_code == 200


async def test_viewer_may_not_ask(started: System) -> None:
    started.http.headers["Authorization"] = f"Bearer {VIEWER_KEY}"
    assert (await ask(started, "close_sprint", {"sprint_id": f"{P}-S01"})).status_code == 403
    path = "/runs/00000000-0000-0000-0000-000000000001/undo"
    assert (await started.post("orchestrator", path)).status_code == 403


async def test_unknown_project_and_run_are_refused(started: System) -> None:
    body = {"project_id": "NONE", "name": "close_sprint", "arguments": {"sprint_id": "NONE-S01"}}
    assert (await started.post("orchestrator", "/runs/requests", body)).status_code == 404
    assert (await ask(started, "close_sprint", {"sprint_id": f"{P}-S77"})).status_code == 404
    path = "/runs/00000000-0000-0000-0000-000000000001/undo"
    assert (await started.post("orchestrator", path)).status_code == 404


async def test_refused_call_ends_its_request_as_failed(started: System) -> None:
    await started.orchestrate(P)
    [sprint] = await sprints(started, P)
    request = (await ask(started, "close_sprint", {"sprint_id": sprint["sprint_id"]})).json()
    assert request["approval"]["action_requests"][0]["cannot_be_undone"]
    assert (await answer(started, request)).json()["status"] == "done"
    again = await ask(started, "close_sprint", {"sprint_id": sprint["sprint_id"]})
    outcome = (await answer(started, again.json())).json()
    assert outcome["status"] == "failed"
    assert "refused" in outcome["actions_taken"][0]
